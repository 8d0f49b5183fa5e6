// What `offshore --role=…` runs: the options of each role, checked one by one and against each other.

import type { NodeName } from '../../base/ids.ts';
import { isWildcard, toBaseUrl, type HostPort } from './address.ts';
import { envName, processTable, seederTable, trackerTable, type Peer } from './option-table.ts';
import { readTable, splitArguments, switchesOf, unknownFlags, type Arguments, type Env, type OptionProblem, type ValuesOf } from './parse.ts';

export interface TrackerOptions {
  readonly id: NodeName;
  readonly listen: HostPort;
  /** Base URL that others use; the entry of `id` in `peers` unless given. */
  readonly advertise: string;
  /** All founding trackers, this one included, in order of name. */
  readonly peers: readonly (Peer & { readonly name: NodeName })[];
  readonly data: string;
}

export interface SeederOptions {
  readonly id: NodeName;
  readonly listen: HostPort;
  readonly advertise: string;
  readonly trackers: readonly string[];
  readonly data: string;
  readonly zone: string;
  /** Undefined: the host name of the machine. */
  readonly host?: string;
  /** Undefined: the whole disk. */
  readonly capacityBytes?: number;
}

export type RoleOptions =
  | { readonly role: 'tracker'; readonly options: TrackerOptions }
  | { readonly role: 'seeder'; readonly options: SeederOptions };

export interface ProcessOptions {
  readonly logLevel: ValuesOf<typeof processTable>['log-level'];
  readonly roles: readonly RoleOptions[];
}

export type RoleName = RoleOptions['role'];
export const roleNames: readonly RoleName[] = ['tracker', 'seeder'];
const roleTables = { tracker: trackerTable, seeder: seederTable } as const;

export type ReadRoles = { readonly ok: true; readonly value: ProcessOptions } | { readonly ok: false; readonly problems: readonly OptionProblem[] };

/** `argv` without program name; `--role` may also come from OFFSHORE_ROLE. */
export function readRoleOptions(argv: readonly string[], env: Env): ReadRoles {
  const given = splitArguments(argv, switchesOf([processTable, trackerTable, seederTable]));
  const { roles, problems: roleProblems } = parseRoles(given.flags.get('role') ?? env['OFFSHORE_ROLE'] ?? '');
  if (roleProblems.length > 0) return { ok: false, problems: roleProblems };
  const common = readTable(processTable, given, env);
  const read = roles.map((role) => readRole(role, roles.length > 1, given, env));
  const problems = [
    ...given.words.map((word) => ({ option: word, problem: 'is not expected: options of roles begin with "--"' })),
    ...unknownFlags(given, knownFlags(roles)),
    ...common.problems,
    ...read.flatMap((each) => (each.ok ? [] : each.problems)),
  ];
  const options = read.flatMap((each) => (each.ok ? [each.value] : []));
  problems.push(...conflicts(options));
  const logLevel = common.values['log-level'];
  if (problems.length > 0 || logLevel === undefined) return { ok: false, problems };
  return { ok: true, value: { logLevel, roles: options } };
}

function parseRoles(text: string): { readonly roles: readonly RoleName[]; readonly problems: readonly OptionProblem[] } {
  const roles: RoleName[] = [];
  for (const part of text.split(',').map((each) => each.trim())) {
    const role = roleNames.find((name) => name === part);
    if (role === undefined) return { roles: [], problems: [{ option: '--role', problem: `is a comma list of ${roleNames.join(' and ')}, not "${text}"` }] };
    if (!roles.includes(role)) roles.push(role);
  }
  return { roles, problems: [] };
}

function knownFlags(roles: readonly RoleName[]): Set<string> {
  const plain = roles.flatMap((role) => Object.keys(roleTables[role]));
  const prefixed = roles.flatMap((role) => Object.keys(roleTables[role]).map((name) => `${role}-${name}`));
  return new Set(['role', ...Object.keys(processTable), ...plain, ...prefixed]);
}

type ReadRole = { readonly ok: true; readonly value: RoleOptions } | { readonly ok: false; readonly problems: readonly OptionProblem[] };

function readRole(role: RoleName, among: boolean, given: Arguments, env: Env): ReadRole {
  return role === 'tracker' ? readTracker(among, given, env) : readSeeder(among, given, env);
}

function readTracker(among: boolean, given: Arguments, env: Env): ReadRole {
  const { values, problems } = readTable(trackerTable, given, env, 'tracker-');
  const { id, listen, peers, data } = values;
  if (problems.length > 0 || id === undefined || listen === undefined || peers === undefined || data === undefined) return { ok: false, problems };
  const self = peers.find((peer) => peer.name === id);
  if (self === undefined) return refuse('--peers', `has no entry for --id ${id}: it names all founding trackers, this one included`);
  if (values.advertise !== undefined && values.advertise !== self.url) return refuse('--advertise', `is ${values.advertise}, but --peers says ${self.url} for ${id}`);
  const sorted = [...peers].sort((a, b) => (a.name < b.name ? -1 : 1)).map((peer) => ({ name: peer.name as NodeName, url: peer.url }));
  return { ok: true, value: { role: 'tracker', options: { id: id as NodeName, listen, advertise: self.url, peers: sorted, data: among ? ownFolder(data, 'tracker', given, env) : data } } };
}

function readSeeder(among: boolean, given: Arguments, env: Env): ReadRole {
  const { values, problems } = readTable(seederTable, given, env, 'seeder-');
  const { id, listen, trackers, data, zone } = values;
  if (problems.length > 0 || id === undefined || listen === undefined || trackers === undefined || data === undefined || zone === undefined) return { ok: false, problems };
  if (values.advertise === undefined && isWildcard(listen.host)) return refuse('--advertise', `is needed: others cannot reach a seeder by ${toBaseUrl(listen)}`);
  if (values.advertise === undefined && listen.port === 0) return refuse('--advertise', 'is needed when --listen takes any free port');
  const options: SeederOptions = {
    id: id as NodeName, listen, trackers, zone,
    advertise: values.advertise ?? toBaseUrl(listen),
    data: among ? ownFolder(data, 'seeder', given, env) : data,
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.capacity === undefined ? {} : { capacityBytes: values.capacity }),
  };
  return { ok: true, value: { role: 'seeder', options } };
}

/** Roles that share `--data` get a folder each below it; one given for this role alone is taken as it is. */
function ownFolder(data: string, role: RoleName, given: Arguments, env: Env): string {
  const own = `${role}-data`;
  return given.flags.has(own) || (env[envName(own)] ?? '') !== '' ? data : `${data.replace(/\/+$/, '')}/${role}`;
}

function refuse(option: string, problem: string): ReadRole {
  return { ok: false, problems: [{ option, problem }] };
}

/** What two roles of one process cannot share. */
function conflicts(roles: readonly RoleOptions[]): OptionProblem[] {
  const [first, second] = roles;
  if (first === undefined || second === undefined) return [];
  const problems: OptionProblem[] = [];
  const cure = (name: string): string => `give --${first.role}-${name} and --${second.role}-${name}`;
  if (first.options.id === second.options.id) problems.push({ option: '--id', problem: `is ${first.options.id} for two roles; ${cure('id')}` });
  const { host, port } = first.options.listen;
  const other = second.options.listen;
  if (port !== 0 && port === other.port && (host === other.host || isWildcard(host) || isWildcard(other.host))) {
    problems.push({ option: '--listen', problem: `is port ${port} for two roles; ${cure('listen')}` });
  }
  if (first.options.data === second.options.data) problems.push({ option: '--data', problem: `is one folder for two roles; ${cure('data')}` });
  return problems;
}
