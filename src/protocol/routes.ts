// Every HTTP route of every role, once. Servers mount from it, clients build paths from it, docs/http-api.md is made from it.

export type Role = 'tracker' | 'seeder';

export interface Route {
  readonly roles: readonly Role[];
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST';
  /** Hono pattern: `:name` is one path segment. */
  readonly pattern: string;
  /** One sentence for the documentation. */
  readonly about: string;
}

const both: readonly Role[] = ['tracker', 'seeder'];
const tracker: readonly Role[] = ['tracker'];
const seeder: readonly Role[] = ['seeder'];

export const routes = {
  healthz: { roles: both, method: 'GET', pattern: '/healthz', about: 'The process lives and its stores take writes.' },
  readyz: { roles: both, method: 'GET', pattern: '/readyz', about: 'It can serve clients now: a tracker knows a leader, a seeder is registered and follows the feed.' },
  metrics: { roles: both, method: 'GET', pattern: '/metrics', about: 'Prometheus text format.' },
  version: { roles: both, method: 'GET', pattern: '/version', about: 'Version of the program and of the protocol.' },

  status: { roles: both, method: 'GET', pattern: '/v1/status', about: 'This node, and from a tracker the cluster: leader, nodes, layout, totals.' },
  sessions: { roles: tracker, method: 'POST', pattern: '/v1/sessions', about: 'Registers a client session for exactly-once batches.' },
  closeSession: { roles: tracker, method: 'POST', pattern: '/v1/sessions/close', about: 'Forgets a client session that is no longer needed; leader only.' },
  batch: { roles: tracker, method: 'POST', pattern: '/v1/batch', about: 'Up to 1,000 operations, each with an outcome of its own; leader only.' },
  node: { roles: tracker, method: 'GET', pattern: '/v1/node', about: 'One node: `path`, `follow=final-symlink|never`.' },
  list: { roles: tracker, method: 'GET', pattern: '/v1/list', about: 'A page of a directory in name order, attributes included: `path`, `after`, `limit`.' },
  manifest: { roles: tracker, method: 'GET', pattern: '/v1/manifest', about: 'Where the bytes of a file are: `path`, `page`, `pages`; `version` pins the version read before.' },
  contents: { roles: tracker, method: 'GET', pattern: '/v1/contents', about: 'Files whose content id begins with `prefix` (at least 5 hex digits).' },
  usage: { roles: tracker, method: 'GET', pattern: '/v1/usage', about: 'Bytes and inodes below `path`, from counters.' },
  layout: { roles: tracker, method: 'GET', pattern: '/v1/layout', about: 'Layout and the stamp for writes; `known=N` answers without lists when nothing changed since version N; `class` asks for a class that has none yet.' },

  feed: { roles: tracker, method: 'GET', pattern: '/v1/feed', about: 'Liveness events for one seeder after its cursor: `seeder`, `after`.' },
  live: { roles: tracker, method: 'GET', pattern: '/v1/live', about: 'Live chunks of a partition in order: `class`, `partition`, `after`, `index`.' },
  register: { roles: tracker, method: 'POST', pattern: '/v1/seeders/register', about: 'A seeder makes itself known; leader only.' },
  heartbeat: { roles: tracker, method: 'POST', pattern: '/v1/seeders/heartbeat', about: 'A seeder lives; carries space and inventory; leader only.' },
  signOut: { roles: tracker, method: 'POST', pattern: '/v1/seeders/sign-out', about: 'A seeder stops cleanly and will be back (`maintenance`); leader only.' },

  stateHash: { roles: tracker, method: 'GET', pattern: '/v1/state-hash', about: 'What this tracker\'s state hashed to after its newest entries.' },

  identity: { roles: tracker, method: 'GET', pattern: '/raft/v1/identity', about: 'Name, incarnation, cluster id and founding entry; used at bootstrap.' },
  snapshot: { roles: tracker, method: 'GET', pattern: '/raft/v1/snapshot/:id', about: 'A page of a pinned state: `after`.' },
  stream: { roles: tracker, method: 'GET', pattern: '/raft/v1/stream', about: 'Upgrade to offshore-raft/1: frames between trackers.' },

  putChunk: { roles: seeder, method: 'PUT', pattern: '/v1/chunks/:class/:chunk', about: 'Stores one chunk and relays it to the other seeders of its partition.' },
  getChunk: { roles: seeder, method: 'GET', pattern: '/v1/chunks/:class/:chunk', about: 'Bytes of a chunk; one `Range` is served.' },
  headChunk: { roles: seeder, method: 'HEAD', pattern: '/v1/chunks/:class/:chunk', about: 'Length and block checksums of a chunk.' },
  touch: { roles: seeder, method: 'POST', pattern: '/v1/chunks/touch', about: 'Which of these chunks are held durably; renews their stamps.' },
  pack: { roles: seeder, method: 'POST', pattern: '/v1/chunks/pack', about: 'Stores many small chunks with one fsync and relays them.' },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

/** Path of a route with its `:names` filled in and a query added; values are encoded here and nowhere else. */
export function pathTo(name: RouteName, params: Readonly<Record<string, string>> = {}, query: Readonly<Record<string, string | number | undefined>> = {}): string {
  const path = routes[name].pattern.replace(/:([a-z]+)/g, (_, key: string) => encodeURIComponent(params[key] ?? ''));
  const pairs = Object.entries(query)
    .filter((pair): pair is [string, string | number] => pair[1] !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}
