// Every log event with its fields, and every metric with its labels: the only names that logs, dashboards and docs may use.
// Add rows; renaming one breaks somebody's alert.

interface EventRow {
  readonly fields: readonly string[];
  /** When it is written, in one sentence. */
  readonly about: string;
}

/** Fields of `errorFields`, for events that report a failure. */
const failure = ['error', 'code', 'stack'] as const;

export const events = {
  // process
  'process.started': { fields: ['roles', 'version', 'revision', 'pid'], about: 'The process has read its options.' },
  'process.stopping': { fields: ['signal', 'reason'], about: 'A signal or a failed role asked it to stop.' },
  'process.stopped': { fields: ['ms'], about: 'Everything was stopped; the process ends.' },
  'process.stop-failed': { fields: ['resource', ...failure], about: 'A resource did not stop cleanly.' },
  'role.listening': { fields: ['role', 'url'], about: 'A role answers on its port.' },
  'role.ready': { fields: ['role', 'ms'], about: 'A role can serve clients.' },
  'role.failed': { fields: ['role', ...failure], about: 'A role cannot go on; its process stops.' },
  'role.stopped': { fields: ['role'], about: 'A role drained and released what it owned.' },
  'bug': { fields: [...failure], about: 'An assertion failed; the process stops before it damages data.' },
  // requests
  'request.failed': { fields: ['method', 'path', ...failure], about: 'A handler threw what no code of the table stands for.' },
  // consensus
  'raft.role-changed': { fields: ['group', 'role', 'term', 'leader', 'index'], about: 'This tracker became follower, candidate or leader.' },
  'raft.membership-changed': { fields: ['group', 'index', 'voters', 'learners'], about: 'A membership entry was applied.' },
  'raft.snapshot-offered': { fields: ['to', 'index'], about: 'A follower too far behind the log was told to fetch a state.' },
  'raft.snapshot-receiving': { fields: ['from', 'index'], about: 'This tracker fetches a state because it is too far behind.' },
  'raft.snapshot-installed': { fields: ['from', 'index', 'bytes', 'ms'], about: 'This tracker replaced its state by a fetched one.' },
  'raft.snapshot-failed': { fields: ['from', 'to', 'index', ...failure], about: 'Fetching a state failed; it is tried again.' },
  'raft.log-truncated': { fields: ['first', 'last', 'bytes'], about: 'Entries that every tracker has were dropped.' },
  'raft.disk-slow': { fields: ['ms', 'entries'], about: 'A synced append took longer than an election time-out allows.' },
  'raft.disk-floor': { fields: ['floor'], about: 'Free space crossed a floor: low refuses ordinary writes, critical takes no appends.' },
  'raft.waiting-for-trackers': { fields: ['missing'], about: 'Bootstrap waits until all founding trackers answered.' },
  'raft.failed': { fields: ['group', ...failure], about: 'The Raft loop cannot go on.' },
  'peer.connected': { fields: ['peer', 'lane'], about: 'A stream to another tracker is open.' },
  'peer.disconnected': { fields: ['peer', 'lane', ...failure], about: 'A stream to another tracker ended; it is opened again.' },
  // state
  'state.differs': { fields: ['range', 'index', 'with'], about: 'This tracker\'s state differs from the majority\'s.' },
  // seeders as a leader sees them
  'seeder.registered': { fields: ['seeder', 'name', 'url', 'zone', 'index'], about: 'A seeder joined or came back.' },
  'seeder.state-changed': { fields: ['seeder', 'name', 'state', 'silentMs'], about: 'Silence or a heartbeat changed what the leader thinks of a seeder.' },
  'layout.changed': { fields: ['storageClass', 'version', 'moves', 'partitions'], about: 'A new layout was committed.' },
  // seeders as they see themselves
  'store.opened': { fields: ['chunks', 'bytes', 'replayed', 'lost', 'ms'], about: 'Segments and index were read and agree.' },
  'store.index-rebuilt': { fields: ['chunks', 'ms'], about: 'The index was made again from the segments.' },
  'store.closed': { fields: ['freeBytes'], about: 'A write or fsync failed; the store takes no more writes.' },
  'store.full': { fields: ['freeBytes'], about: 'Free space is under the floor; puts are refused.' },
  'store.space-back': { fields: ['freeBytes'], about: 'Puts are taken again.' },
  'chunk.corrupt': { fields: ['chunk', 'segment', 'offset', 'block'], about: 'A chunk was read and does not match its checksum; it counts as missing now.' },
  'chunk.wrong-bytes': { fields: ['chunk', 'seeder'], about: 'A client got bytes that do not match the chunk id and reads another copy.' },
  'chunk.fetched': { fields: ['chunk', 'from', 'bytes', 'ms'], about: 'A live chunk this seeder lacked was fetched.' },
  'chunk.fetch-failed': { fields: ['chunk', ...failure], about: 'No other seeder could give a live chunk; it is tried again.' },
  'chunks.released': { fields: ['partition', 'chunks', 'kept', 'index'], about: 'Chunks of a settled partition that is kept elsewhere now were put into quarantine.' },
  'relay.failed': { fields: ['seeder', 'chunks', ...failure], about: 'A coordinator could not store a copy on another seeder.' },
  'tracker.unreachable': { fields: ['url', ...failure], about: 'A duty could not ask any tracker; it is tried again.' },
  'duty.failed': { fields: ['duty', ...failure], about: 'One round of a background duty failed; the next one follows.' },
} as const satisfies Record<string, EventRow>;

export type EventName = keyof typeof events;

interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  readonly buckets?: readonly number[];
}

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10] as const;
const counts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;

export const metricRows = {
  offshore_requests_total: { kind: 'counter', labels: ['route', 'status'], help: 'Requests answered.' },
  offshore_request_seconds: { kind: 'histogram', labels: ['route'], help: 'Time from the request head to the end of the answer.', buckets: seconds },
  offshore_request_body_bytes_in_flight: { kind: 'gauge', labels: [], help: 'Request bodies being read or worked on.' },
  offshore_ready: { kind: 'gauge', labels: ['role'], help: '1 when the role can serve clients.' },

  offshore_raft_term: { kind: 'gauge', labels: [], help: 'Current term.' },
  offshore_raft_leader: { kind: 'gauge', labels: [], help: '1 on the leader.' },
  offshore_raft_commit_index: { kind: 'gauge', labels: [], help: 'Highest committed entry known.' },
  offshore_raft_applied_index: { kind: 'gauge', labels: [], help: 'Highest applied entry.' },
  offshore_raft_append_seconds: { kind: 'histogram', labels: [], help: 'Time of one synced append to the log.', buckets: seconds },
  offshore_raft_append_entries: { kind: 'histogram', labels: [], help: 'Entries in one synced append.', buckets: counts },
  offshore_raft_elections_total: { kind: 'counter', labels: [], help: 'Elections started here.' },
  offshore_apply_seconds: { kind: 'histogram', labels: [], help: 'Time to apply one entry.', buckets: seconds },

  offshore_store_chunks: { kind: 'gauge', labels: [], help: 'Chunks held.' },
  offshore_store_chunk_bytes: { kind: 'gauge', labels: [], help: 'Bytes of chunks held.' },
  offshore_store_free_bytes: { kind: 'gauge', labels: [], help: 'Bytes the disk has free for this process.' },
  offshore_chunks_repaired_total: { kind: 'counter', labels: [], help: 'Live chunks fetched because they were missing here.' },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof metricRows;
