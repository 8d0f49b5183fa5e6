// Which nodes a local cluster has: names, ports, folders and the arguments each is started with. Pure; starts nothing.

import { OffshoreError } from '../../base/errors.ts';
import type { NodeName } from '../../base/ids.ts';

export interface ClusterShape {
  readonly basePort: number;
  readonly trackers: number;
  readonly seeders: number;
}

export interface PlannedNode {
  readonly name: NodeName;
  readonly role: 'tracker' | 'seeder';
  readonly port: number;
  readonly url: string;
  readonly data: string;
  readonly log: string;
}

export const defaultShape: ClusterShape = { basePort: 7000, trackers: 3, seeders: 3 };

/** Seeders listen this much above trackers. */
const seederPortOffset = 100;
const loopback = '127.0.0.1';

/**
 * The shape to run: what is there, with what was asked for now. Founding trackers and ports are part of what the nodes stored, so
 * they never change; seeders may be added. Throws `bad-option`.
 */
export function settleShape(existing: ClusterShape | undefined, asked: Partial<ClusterShape>): ClusterShape {
  const shape = { ...(existing ?? defaultShape), ...asked };
  if (shape.basePort + seederPortOffset + shape.seeders > 65_535) throw refuse('--base-port', `leaves no room below 65536 for ${shape.seeders} seeders`);
  if (existing === undefined) return shape;
  if (shape.basePort !== existing.basePort) throw refuse('--base-port', `is ${existing.basePort} for this cluster and cannot change; use another --dir`);
  if (shape.trackers !== existing.trackers) throw refuse('--trackers', `is ${existing.trackers} for this cluster and cannot change; use another --dir`);
  if (shape.seeders < existing.seeders) throw refuse('--seeders', `is ${existing.seeders} for this cluster; seeders can be added, not dropped`);
  return shape;
}

function refuse(option: string, problem: string): OffshoreError {
  return new OffshoreError('bad-option', { option }, { message: `${option} ${problem}` });
}

export function planNodes(shape: ClusterShape, dir: string): PlannedNode[] {
  const node = (role: PlannedNode['role'], number: number, port: number): PlannedNode => {
    const name = `${role}-${number}` as NodeName;
    // The log is not in the data folder: a node knows by an empty folder that it is new.
    return { name, role, port, url: `http://${loopback}:${port}`, data: `${dir}/${name}`, log: `${dir}/logs/${name}.log` };
  };
  return [
    ...Array.from({ length: shape.trackers }, (_, i) => node('tracker', i + 1, shape.basePort + i + 1)),
    ...Array.from({ length: shape.seeders }, (_, i) => node('seeder', i + 1, shape.basePort + seederPortOffset + i + 1)),
  ];
}

/** Arguments after the program's name. Every seeder says it is a machine of its own, so that copies are spread as in a real cluster. */
export function argumentsOf(node: PlannedNode, all: readonly PlannedNode[]): string[] {
  const trackers = all.filter((each) => each.role === 'tracker');
  const common = [`--role=${node.role}`, `--id=${node.name}`, `--listen=${loopback}:${node.port}`, `--data=${node.data}`];
  return node.role === 'tracker'
    ? [...common, `--peers=${trackers.map((each) => `${each.name}=${each.url}`).join(',')}`]
    : [...common, `--trackers=${trackers.map((each) => each.url).join(',')}`, `--host=${node.name}`];
}
