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

  // entries of the log (a client splits its batch; more is refused with `body-too-large`)
  entryCommandsMax: 1000,
  entryBytesMax: 1 * MiB,
  entryChunkRefsMax: 4096,

  // request bodies (refused with `body-too-large` before they are read)
  jsonBodyBytesMax: 4 * MiB,
  packBytesMax: 8 * MiB,
  packChunksMax: 1024,
  touchChunksMax: 4096,
  listPageMax: 1000,
  listPageDefault: 500,

  // sessions (registration refused with `sessions-full`)
  sessionsMax: 10_000,
  sessionSequencesMax: 64,
  sessionAgeMsMax: 24 * hour,

  // layout
  partitionsInitial: 1024,
  partitionsMax: 65_536,
  slices: 65_536,
  seedersMax: 4096,
  copiesMax: 9,

  // feed and history (older events: the seeder lists everything, the reader gets `pruned`)
  feedEventsMax: 10_000_000,
  feedAgeMsMax: 7 * day,
  feedPageMax: 4096,
  historyAgeMsDefault: 7 * day,
  collectGraceMs: 24 * hour,
  stampHorizonMs: 30 * day,
  uploadLeaseMs: 24 * hour,
  uploadSessionsMax: 10_000,

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
  appliedBytesPerReady: 4 * MiB,
  logTailEntries: 10_000,
  logTailBytes: 64 * MiB,
  logCacheBytes: 64 * MiB,
  snapshotChunkBytes: 2 * MiB,
  snapshotLeaseMs: 10 * minute,

  // network
  requestTimeoutMs: 30 * second,
  connectTimeoutMs: 3 * second,
  headersBytesMax: 32 * KiB,
  connectionsMax: 4096,
  streamBufferBytesMax: 32 * MiB,
  retriesDefault: 5,

  // seeders
  heartbeatMs: 1 * second,
  suspectMs: 5 * second,
  downMs: 30 * second,
  maintenanceMs: 10 * minute,
  seederFillMax: 0.85,
  segmentBytes: 256 * MiB,
  segmentsReserved: 2,
  storeQueueBytesMax: 64 * MiB,
  chunkVerifyAgeMs: 1 * day,

  // client
  transfersDefault: 4,
  chunksInFlightDefault: 4,
  readAheadBytesMax: 64 * MiB,
  smallFileBytes: 256 * KiB,
} as const;

assert(limits.electionTicks >= 5 * limits.heartbeatTicks, 'elections must outlast lost heartbeats');
assert(limits.chunkBytesMax % limits.blockBytes === 0, 'a full chunk is a whole number of blocks');
assert(limits.packBytesMax >= limits.chunkBytesMax, 'any chunk fits a pack');
assert(limits.uncommittedBytesMax >= limits.entryBytesMax, 'any entry fits the uncommitted tail');
assert(limits.segmentBytes >= 4 * limits.packBytesMax, 'a segment takes several packs');
assert(limits.downMs > limits.suspectMs && limits.suspectMs > 2 * limits.heartbeatMs, 'silence is judged over several heartbeats');
assert(limits.stampHorizonMs > limits.collectGraceMs + limits.uploadLeaseMs, 'a stamp outlives grace and lease');
