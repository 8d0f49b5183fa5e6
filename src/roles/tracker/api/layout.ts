// The layout route: where chunks live, and the stamp for writes. A class that nobody used before is laid out when it is first asked for.

import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { mustExist } from '../../../base/assert.ts';
import { OffshoreError } from '../../../base/errors.ts';
import { classCode, parseStorageClass } from '../../../model/storage-class.ts';
import type { LayoutAnswer } from '../../../protocol/tracker-api.ts';
import type { MetaQueries } from '../../../storage/meta/queries.ts';
import { answerJson, mount, readQuery } from '../../http/exchange.ts';
import type { Rebalancer } from '../duties/rebalance.ts';
import type { LayoutMemo } from '../layout-memo.ts';
import { readState, type TrackerRaft } from '../tracker-raft.ts';
import { queryNumber } from './schemas.ts';

const query = v.object({ known: v.optional(queryNumber), class: v.optional(v.string()) });

export interface LayoutApiDeps {
  readonly raft: TrackerRaft;
  readonly rebalancer: Rebalancer;
  readonly layouts: LayoutMemo;
}

export function mountLayoutApi(app: Hono, deps: LayoutApiDeps): void {
  mount(app, 'layout', (c, signal) => layout(c, deps, signal));
}

async function layout(c: Context, deps: LayoutApiDeps, signal: AbortSignal): Promise<Response> {
  const asked = readQuery(c, query);
  if (asked.class !== undefined) await layOut(asked.class, deps, signal);
  const { value } = await readState(deps.raft, signal, (queries) => read(queries, deps.layouts, asked.known));
  const cluster = mustExist(deps.raft.status().cluster, 'a running tracker knows its cluster');
  return answerJson(c, { ...value, cluster } satisfies LayoutAnswer);
}

/** The stamp is read before the layout: a stamp that is too old costs a retry, one that is too new could lose a chunk. */
async function read(queries: MetaQueries, layouts: LayoutMemo, known: number | undefined): Promise<Omit<LayoutAnswer, 'cluster'>> {
  const index = await queries.index();
  const version = await queries.layoutVersion();
  if (version === known) return { index, version };
  const current = await layouts.read(queries);
  return { index, version: current.version, layout: current };
}

async function layOut(text: string, deps: LayoutApiDeps, signal: AbortSignal): Promise<void> {
  const storageClass = parseStorageClass(text);
  if (storageClass === undefined) throw new OffshoreError('bad-request', { field: 'class', problem: 'is like copies=3 or ec=4+2' });
  const code = classCode(storageClass);
  const { value } = await readState(deps.raft, signal, (queries) => deps.layouts.read(queries));
  if (!value.classes.some((each) => each.classCode === code)) await deps.rebalancer.layOut(code, signal);
}
