// Every bound of the system with what happens when it is reached. Relations between bounds are asserted below.
// Bounds that an administrator may change are options; these numbers are then their defaults.

import { assert } from './assert.ts';

export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;

export const limits = {
  // names (refused with `invalid-name`, `path-too-long`)
  nameBytesMax: 255,
  pathBytesMax: 4096,
  symlinkHopsMax: 40,
  directoryDepthMax: 2048,

  // chunks and manifests (refused with `bad-request`)
  chunkBytesMax: 4 * MiB,
  chunkBytesDefault: 4 * MiB,
  blockBytes: 64 * KiB,
  pageEntriesMax: 256,
  inlineBytesMax: 1 * KiB,
  /** 2^20 pages of 256 chunks of 4 MiB: one PiB a file. */
  filePagesMax: 1 << 20,
  /** A content id over more pages is taken on the writer's word: recomputing it would block the applier. */
  contentCheckPagesMax: 64,

  // entries of the log (a client splits its batch; more is refused with `body-too-large`)
  entryCommandsMax: 1000,
  entryBytesMax: 1 * MiB,
  entryChunkRefsMax: 4096,
  /** Aim, not refused: how long applying one entry may hold the thread; a metric shows the worst. */
  applyBlockMsMax: 20,

  // request bodies (refused with `body-too-large` before they are read)
  jsonBodyBytesMax: 4 * MiB,
  packBytesMax: 8 * MiB,
  packChunksMax: 1024,
  touchChunksMax: 4096,
  listPageMax: 1000,
  listPageDefault: 500,
  /** Rows looked through for files by content id; the rest is not listed. */
  findScanRowsMax: 10_000,

  // sessions (registration refused with `sessions-full`)
  sessionsMax: 10_000,
  sessionSequencesMax: 64,
  sessionAgeMsMax: 24 * hour,
  /** When there are too many, sessions unused this long make room, so many at a time. */
  sessionIdleMsMin: 10 * minute,
  sessionsEvictedAtOnce: 64,
  /** Outcomes one session may have remembered; a further batch is refused with `overloaded`. */
  sessionOutcomesMax: 4096,

  // layout
  partitionsInitial: 1024,
  partitionsMax: 65_536,
  /** Below it a seeder's share cannot be met by whole slots: the planner advises a split. */
  slotsPerSeederMin: 24,
  slices: 65_536,
  seedersMax: 4096,
  copiesMax: 9,
  /** Seeders in `before` of a partition; a further change of its list is skipped until it settles. */
  partitionBeforeMax: 32,

  // feed and history (older events: the seeder lists everything, the reader gets `pruned`)
  feedEventsMax: 10_000_000,
  feedAgeMsMax: 7 * day,
  feedPageMax: 4096,
  /** Events looked through to go back to an older digest; further back the answer is `stale`. */
  feedScanEventsMax: 65_536,
  historyAgeMsDefault: 7 * day,
  collectGraceMs: 24 * hour,
  stampHorizonMs: 30 * day,
  uploadLeaseMs: 24 * hour,
  uploadSessionsMax: 10_000,
  /** Pages staged in one upload session (refused with `bad-request`): as many as one publish can name. */
  uploadPagesMax: 4096,
  /** Chunk references given back by one command that empties uploads; the leader proposes another for the rest. */
  uploadReleaseChunksMax: 4096,

  // Raft (full: `overloaded`)
  tickMs: 50,
  heartbeatTicks: 2,
  electionTicks: 20,
  inflightMessagesMax: 256,
  inflightBytesMax: 16 * MiB,
  messageBytesMax: 1 * MiB,
  uncommittedBytesMax: 64 * MiB,
  proposalsMax: 4096,
  readWaitersMax: 16_384,
  inboxMessagesMax: 8192,
  inboxBytesMax: 64 * MiB,
  appliedBytesPerReady: 4 * MiB,
  logTailEntries: 10_000,
  logTailBytes: 64 * MiB,
  logCacheBytes: 64 * MiB,
  snapshotChunkBytes: 2 * MiB,
  snapshotLeaseMs: 10 * minute,

  // Raft driver (src/raft/driver)
  /** A block of the log is closed at whichever comes first; one read brings one block. */
  logBlockBytes: 256 * KiB,
  logBlockEntriesMax: 256,
  /** Rows of the batch chain that stay; older ones are trimmed by later batches. */
  logChainRowsKept: 4096,
  /** One synced batch; what waits longer goes into the next. */
  appendGroupBytesMax: 4 * MiB,
  applyGroupEntriesMax: 1024,
  applyGroupBytesMax: 4 * MiB,
  /** Messages stepped before anything else gets a turn. */
  turnMessagesMax: 1024,
  /** A longer frame closes the stream it came on. */
  frameBytesMax: 16 * MiB,
  /** The accepting end of a stream shows life this often; a longer silence closes it. */
  streamAliveMs: 1 * second,
  streamSilenceMsMax: 5 * second,
  reconnectMsMin: 50,
  reconnectMsMax: 2 * second,
  /** A follower whose leader's process died campaigns after a random delay between these (`raft.md` 2.8). */
  earlyCampaignMsMin: 50,
  earlyCampaignMsMax: 250,
  /** Empty trackers ask each other this often. */
  bootstrapRetryMs: 250,
  /** A follower that asks for no page this long is reported to the core as failed; it may still resume. */
  snapshotIdleMs: 10 * second,
  /** States held for followers at once; a further follower waits. */
  snapshotPinsMax: 2,
  /** A follower gives a transfer up after this many failed pages in a row. */
  snapshotPageRetries: 8,
  /** A round of reads without an answer is asked again this often; after the rounds the reads fail with `no-leader`. */
  readRoundTicks: 10,
  readRoundsMax: 10,
  /** Rounds that a new tracker gets to catch up before `promote` gives up with `busy` (Ongaro's thesis 4.2.1). */
  catchUpRoundsMax: 10,
  /** A stop waits this long for the readers of the state; then the state stays open until the process ends. */
  stateCloseMsMax: 5 * second,
  /** Callers that no configuration names yet, at once; each is dropped after a while, and calls again if it is real. */
  strangersMax: 8,
  strangerMsMax: 60 * second,
  /** No honest tracker is further ahead. */
  termJumpMax: 1_000_000,
  /** Proposals still running at a stop are waited for this long. */
  stopDrainMs: 3 * second,
  diskCheckMs: 1 * second,
  diskLowBytes: 1 * GiB,
  diskLowShare: 0.05,
  diskCriticalBytes: 256 * MiB,
  diskCriticalShare: 0.02,

  // network
  requestTimeoutMs: 30 * second,
  connectTimeoutMs: 3 * second,
  headersBytesMax: 32 * KiB,
  connectionsMax: 4096,
  streamBufferBytesMax: 32 * MiB,
  retriesDefault: 5,
  /** Connections not yet accepted; the kernel refuses more. */
  listenBacklog: 1024,
  socketBufferBytes: 256 * KiB,
  /** A connection that has not sent a whole request head by then is closed. */
  headersTimeoutMs: 10 * second,
  /** A request whose body is not there by then is cut off: 8 MiB at 70 KiB/s. */
  bodyTimeoutMs: 2 * minute,
  /** A connection on which nothing moves while a request is under way is cut off. */
  socketIdleMsMax: 2 * minute,
  /** An unused connection is closed by the server after the first, by the client after the second: the client must be earlier. */
  serverKeepAliveMs: 65 * second,
  clientKeepAliveMs: 30 * second,
  /** Connections of one process to one node; further messages wait for one, within their own deadline. */
  sendSocketsPerNodeMax: 64,
  /** An answer that says or proves to be larger is cut off as `bad-answer`. */
  answerBytesMax: 64 * MiB,
  /** Request bodies being read or worked on in one server; more is refused with `overloaded`. */
  requestBodyBytesInFlightMax: 192 * MiB,
  /** Requests under way when a server stops get this long, then their connections are cut. */
  drainMsMax: 10 * second,

  // hashing (a full queue refuses with `overloaded`)
  /** Up to this size a hash costs less than handing it to a thread (32 to 80 µs). */
  hashInlineBytesMax: 64 * KiB,
  hashThreadsMax: 4,
  hashQueueMax: 1024,

  // processes
  /** Stopping one resource of a process; then the next one is stopped all the same. */
  stopStepMsMax: 20 * second,
  /** Stopping one role, over all of its resources. */
  roleStopMsMax: 35 * second,
  /** Local cluster: how often processes and their readiness are looked at. */
  nodePollMs: 50,
  nodeProbeMsMax: 2 * second,
  nodeWatchMs: 1 * second,
  /** Local cluster: a node that does not end by SIGTERM is killed then. */
  nodeStopMsMax: 40 * second,
  /** Local cluster: another command may hold the folder so long; then `busy`. */
  clusterLockMsMax: 10 * second,
  /** Local cluster: a node's log larger than this is put aside at its next start, over the one before. */
  nodeLogBytesMax: 64 * MiB,
  logTailBytesShown: 8 * KiB,

  // seeders
  heartbeatMs: 1 * second,
  suspectMs: 5 * second,
  downMs: 30 * second,
  maintenanceMs: 10 * minute,
  segmentBytes: 256 * MiB,
  segmentsReserved: 2,
  storeQueueBytesMax: 64 * MiB,
  chunkVerifyAgeMs: 1 * day,
  /** Smallest automatic segment: any record fits with room to spare. */
  segmentBytesMin: 8 * MiB,
  /** A disk is cut into at least this many segments, while they stay above the minimum. */
  segmentsPerDisk: 32,
  /** What one write group gathers at most; what waits beyond it is the next group. */
  storeGroupBytesMax: 16 * MiB,
  /** Parts of a group up to this size are copied together before they are written. */
  copiedPartBytesMax: 32 * KiB,
  /** Descriptors kept open for reading; the one unused longest is closed. */
  segmentHandlesMax: 256,
  segmentScanBytes: 256 * KiB,
  /** Bytes one step of compaction moves; the duty that calls it paces the steps. */
  compactStepBytes: 8 * MiB,
  /** Rows one batch of index upkeep (listing, quarantine, recovery) changes. */
  indexBatchRows: 4096,
  /** Reads at once while touched chunks are verified. */
  verifyReadsMax: 4,
  /** Remembered "was verified" notes; more are dropped and the chunk is verified again another time. */
  verifiedNotesMax: 4096,
  /** Reads of a chunk that compaction moved meanwhile start over; more often than this is damage. */
  readMovesMax: 8,
  quarantineMs: 24 * hour,
  storeFloorBytesMax: 1 * GiB,
  storeFloorBytesMin: 16 * MiB,
  storeFloorShare: 0.05,
  /** Partition listings asked for at once by a seeder that joins. */
  listingsInFlight: 8,
  /** Reports in one heartbeat; the rest follows with the next. */
  reportsPerHeartbeat: 4096,
  /** Every report is sent again once in so many heartbeats, changed or not: leaders cannot compare old ones. */
  reportRenewalBeats: 16,
  /** Wanted chunks looked at in one step, fetched at once, and remembered by when they were first seen (more are just fetched later). */
  wantedPageMax: 512,
  fetchesInFlight: 4,
  wantedRememberedMax: 100_000,
  /** A wanted chunk that no seeder could give is asked for again at least this often. */
  fetchRestMsMax: 1 * minute,
  /** A relay usually brings a chunk within this time after the feed names it; only then is it fetched. */
  relayGraceMs: 3 * second,
  releaseRestMs: 2 * second,
  /** How long a stopping seeder tries to announce maintenance. */
  signOutMsMax: 3 * second,
  /** Pause between rounds of a seeder's duties. */
  dutyRestMs: 500,
  /** Bytes relayed behind an acknowledgement; above it a slow seeder's copies are left to the feed. */
  relayBytesMax: 96 * MiB,
  /** How long a seeder that failed a relay is left out of the next ones. */
  relayRestMs: 2 * second,

  /** State hashes that a tracker remembers, one a group, to be compared with others at equal index. */
  stateMarksMax: 256,
  stateCompareRestMs: 10 * second,
  /** Rows of the state that a tracker keeps decoded. */
  stateCacheBytes: 32 * MiB,

  // leader's duties
  /** More seeders than max(2, this share) silent at once: nobody is declared down for the time below. */
  massSilenceShare: 0.2,
  massSilenceMs: 10 * minute,
  foundRestMs: 200,
  settleRestMs: 1 * second,
  settleItemsMax: 256,
  /** How long the health of classes is believed before it is computed again. */
  healthMemoMs: 1 * second,
  expireRestMs: 10 * second,
  expireItemsMax: 500,
  /** Turns of one round while there is more; the rest waits for the next round. */
  expireTurnsMax: 256,
  /** A class without a layout waits this long for more seeders than are there, so that the first lists are full ones. */
  gatherSeedersMs: 3 * second,

  // answers
  manifestPagesMax: 16,
  livePageMax: 4096,
  contentPrefixDigitsMin: 5,
  contentMatchesMax: 32,

  // client
  /** A client that no tracker ever answered gives up after this long; once one has, it waits for its whole time-out. */
  firstContactMsMax: 4 * second,
  transfersDefault: 4,
  chunksInFlightDefault: 4,
  readAheadBytesMax: 64 * MiB,
  smallFileBytes: 256 * KiB,

  // shell (refused with a message and a status; the shell goes on)
  shellLineBytesMax: 1 * MiB,
  /** Arguments that braces of one line may make. */
  shellWordsMax: 10_000,
  /** Names one pattern may match; more is "Argument list too long". */
  globMatchesMax: 1_000_000,
  sourceDepthMax: 16,
  /** Bytes waiting between two commands of a pipe; the writer then waits. */
  pipeBytesMax: 1 * MiB,
  historyLinesMax: 10_000,
  /** Keys typed while a command runs; more are dropped. */
  typeAheadBytesMax: 64 * KiB,
  completionCandidatesMax: 1000,
  completionDeadlineMs: 300,
  completionCacheMs: 2 * second,
  progressRedrawMs: 100,
  progressPlainMs: 5 * second,
  previewBytes: 256,
  /** Trackers a client remembers, learnt ones included; further hints are followed once and forgotten. */
  trackersKnownMax: 64,
  /** Tries of one request; its deadline comes first in practice. */
  trackerAttemptsMax: 1000,
  /** Batches of one client waiting for a place in its session; more are refused with `overloaded`. */
  sessionWaitersMax: 4096,
  /** One try at one tracker; then another one is asked. A mutation waits for a commit, so it gets longer. */
  trackerReadMs: 5 * second,
  trackerMutationMs: 10 * second,
  /** How long a node that failed is asked last; doubled for each failure in a row, up to the second. */
  nodePenaltyMs: 5 * second,
  nodePenaltyMsMax: 1 * minute,
  /** One touch; a seeder that takes longer counts as holding nothing. */
  touchMs: 5 * second,
  /** One try of `ping`. */
  pingMs: 3 * second,
  pingsInFlight: 32,
  /** A reader that cannot have a fresh layout by then goes on with the one it knows. */
  layoutPatienceMs: 3 * second,
  /** Bytes of chunks that all uploads of a client hold at once; further ones wait. */
  uploadBytesMax: 64 * MiB,
  /** Uploads waiting for their share of it; more are refused with `overloaded`. */
  uploadWaitersMax: 4096,
  /** Files and bytes of one group of a tree upload; the next file begins a new group. */
  treeGroupFilesMax: 256,
  treeGroupBytesMax: 8 * MiB,
  /** Packs of one group under way at once. */
  packsInFlight: 3,
  /** Small local files read at once. */
  smallReadsMax: 16,
  /** How long the storage class of new files in a directory is believed, and for how many directories. */
  newFileClassMs: 5 * second,
  newFileClassesKept: 10_000,
  /** An upload that fails tries this long to free its staged pages; then their lease ends them. */
  closeUploadMs: 2 * second,
  /** A client that ends tries this long to close its session; then it stays until it expires. */
  closeSessionMs: 1 * second,
  /** Finished files whose outcome nobody has taken yet; then the upload waits. */
  treeOutcomesMax: 1024,
  /** Manifest pages asked for at once, and kept per open file. */
  manifestPagesPerRead: 4,
  manifestPagesKept: 8,
  /** When a request to a seeder is joined by one to the next: by what was usual lately, within these bounds. */
  hedgeReadMsMin: 50,
  hedgeReadMsUnknown: 500,
  hedgeWriteMsMin: 2 * second,
  hedgeWriteMsMax: 10 * second,
  hedgeWriteMsUnknown: 5 * second,
  packMsMin: 10 * second,
  /** Being overtaken counts against a seeder only after this long: a moment's delay is noise. */
  overtakenMsMin: 1 * second,
  // key-value store and files
  /** A write buffer this large keeps LevelDB's level 0 short (`raft.md` 2.3, L6). */
  kvWriteBufferBytes: 32 * MiB,
  kvCacheBytes: 32 * MiB,
  /** Writes that wait are joined into one batch up to this size; the rest makes the next batch. */
  kvGroupBytesMax: 4 * MiB,
  /** Waiting writes (full: `overloaded`). */
  kvPendingBytesMax: 64 * MiB,
  /** Pages of more entries pass by the block cache, so that scans do not empty it. */
  kvCachedPageEntriesMax: 128,
  /** Bytes one step of a page brings over from LevelDB; a page takes as many steps as it needs. */
  kvPageStepBytes: 1 * MiB,
  /** Rows of the batch chain that stay (`src/storage/kv/DESIGN.md`); older ones are trimmed by later batches. */
  kvChainRowsKept: 1024,
  /** Parts of one vectored write (IOV_MAX of Linux); more are written in turns. */
  writePartsMax: 1024,
  preallocateStepBytes: 1 * MiB,
} as const;

assert(limits.electionTicks >= 5 * limits.heartbeatTicks, 'elections must outlast lost heartbeats');
assert(limits.chunkBytesMax % limits.blockBytes === 0, 'a full chunk is a whole number of blocks');
assert(limits.packBytesMax >= limits.chunkBytesMax, 'any chunk fits a pack');
assert(limits.smallFileBytes <= limits.chunkBytesDefault, 'a small file is one chunk');
assert(limits.uploadBytesMax >= limits.treeGroupBytesMax && limits.uploadBytesMax >= limits.chunkBytesMax, 'any group and any chunk fit the budget of uploads');
assert(limits.uncommittedBytesMax >= limits.entryBytesMax, 'any entry fits the uncommitted tail');
assert(limits.segmentBytes >= 4 * limits.packBytesMax, 'a segment takes several packs');
assert(limits.segmentBytesMin >= limits.chunkBytesMax + 1 * MiB, 'any record fits an empty segment');
assert(limits.segmentBytes >= limits.segmentBytesMin, 'the default segment is above the smallest');
assert(limits.storeQueueBytesMax >= 2 * limits.packBytesMax, 'the queue takes packs while one is written');
assert(limits.downMs > limits.suspectMs && limits.suspectMs > 2 * limits.heartbeatMs, 'silence is judged over several heartbeats');
assert(limits.uploadPagesMax <= limits.entryChunkRefsMax, 'one entry can name every page of an upload');
assert(limits.stampHorizonMs > limits.collectGraceMs + limits.uploadLeaseMs, 'a stamp outlives grace and lease');
assert(limits.clientKeepAliveMs < limits.serverKeepAliveMs, 'a client drops an idle connection before its server does');
assert(limits.requestBodyBytesInFlightMax >= 4 * limits.packBytesMax, 'several of the largest bodies fit');
assert(limits.drainMsMax < limits.stopStepMsMax, 'a server drains within the time to stop it');
assert(limits.frameBytesMax > 2 * (limits.messageBytesMax + limits.entryBytesMax), 'any message of Raft fits a frame');
assert(limits.streamSilenceMsMax >= 3 * limits.streamAliveMs, 'a stream is judged over several signs of life');
assert(limits.snapshotLeaseMs > limits.snapshotIdleMs, 'a transfer can resume after it was reported as failed');
assert(limits.diskLowBytes > limits.diskCriticalBytes && limits.diskLowShare > limits.diskCriticalShare, 'the floors are in order');
assert(limits.kvPendingBytesMax >= 2 * limits.kvGroupBytesMax && limits.kvGroupBytesMax >= limits.entryBytesMax, 'a group is written while the next one waits');
assert(limits.nodeStopMsMax > limits.roleStopMsMax && limits.roleStopMsMax > limits.stopStepMsMax, 'who waits for a stop waits longer than the stop may take');
