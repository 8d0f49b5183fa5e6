// Checks of answers where they arrive: `unknown` becomes a type of this folder here and nowhere else in a client.
// Light on purpose: every field that code reads is checked for its kind; what the values mean is checked by who uses them.

import { OffshoreError } from '../base/errors.ts';
import { isHex } from '../base/bytes.ts';
import type { FeedEvent, FeedPage, LiveListing } from '../model/feed.ts';
import type { Layout, PartitionLists, SeederInfo } from '../model/layout.ts';
import type { ManifestEntry } from '../model/manifest.ts';
import type { DirectoryEntry, NodeInfo } from '../model/node-info.ts';
import type { Outcome } from '../model/operation.ts';
import type { PackAnswer, StoredChunk, TouchAnswer } from './seeder-api.ts';
import { parseJson } from './problem.ts';
import type { Answer } from './send.ts';
import type {
  BatchAnswer, ClusterStatus, ContentsAnswer, HeartbeatAnswer, LayoutAnswer, ListAnswer, ManifestAnswer, NodeAnswer, RegisterAnswer,
  SeederStatus, SessionAnswer, StateHashAnswer, TrackerStatus, UsageAnswer,
} from './tracker-api.ts';

export type Check<T> = (value: unknown) => value is T;
type Test = (value: unknown) => boolean;

/** The body of an answer as `T`; throws `bad-answer` naming the node when it is something else. */
export function mustParse<T>(answer: Answer, check: Check<T>, from: string): T {
  const value = parseJson(answer);
  if (!check(value)) throw new OffshoreError('bad-answer', { node: from, status: answer.status });
  return value;
}

const isText: Test = (value) => typeof value === 'string';
const isNumber: Test = (value) => typeof value === 'number' && Number.isFinite(value);
const isCount: Test = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isFlag: Test = (value) => typeof value === 'boolean';
const isHash: Test = (value) => typeof value === 'string' && isHex(value, 64);
const optional = (test: Test): Test => (value) => value === undefined || test(value);
const oneOf = (...texts: readonly string[]): Test => (value) => typeof value === 'string' && texts.includes(value);
const listOf = (test: Test): Test => (value) => Array.isArray(value) && value.every(test);

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every key of `T` must be named, so that a new field cannot be forgotten here. */
function shape<T>(tests: { readonly [Key in keyof T]-?: Test }): Check<T> {
  const pairs = Object.entries<Test>(tests);
  return (value): value is T => isRecord(value) && pairs.every(([key, test]) => test(value[key]));
}

export const isNodeInfo: Check<NodeInfo> = shape<NodeInfo>({
  ino: isCount, kind: oneOf('file', 'directory', 'symlink'), version: isCount, bytes: isCount, mode: isCount, uid: isCount, gid: isCount,
  mtimeMs: isNumber, ctimeMs: isNumber, links: isCount, contentId: optional(isHash), storageClass: optional(isText),
  target: optional(isText), children: optional(isCount), treeBytes: optional(isCount), treeInodes: optional(isCount),
});

const isDirectoryEntry: Check<DirectoryEntry> = shape<DirectoryEntry>({ name: isText, node: isNodeInfo });

const isManifestEntry = (value: unknown): value is ManifestEntry =>
  isRecord(value) && isCount(value['bytes']) && value['bytes'] !== 0
  && (value['kind'] === 'hole' || (value['kind'] === 'chunk' && isHash(value['chunk'])));

const isOutcome = (value: unknown): value is Outcome =>
  isRecord(value) && (value['ok'] === true
    ? isCount(value['index']) && optional(isHash)(value['contentId']) && optional(isHash)(value['page'])
    : value['ok'] === false && isText(value['code']) && isRecord(value['details']));

const isSeederInfo: Check<SeederInfo> = shape<SeederInfo>({
  id: isCount, name: isText, incarnation: isText, url: isText, zone: isText, host: isText, capacityBytes: isNumber,
  state: oneOf('up', 'down', 'maintenance', 'draining', 'removed'),
});

const isPartitionLists: Check<PartitionLists> = shape<PartitionLists>({ now: listOf(isCount), since: isCount, before: listOf(isCount) });

const isLayout: Check<Layout> = shape<Layout>({
  version: isCount,
  seeders: listOf(isSeederInfo),
  classes: listOf((value) => isRecord(value) && isCount(value['classCode']) && listOf(isPartitionLists)(value['partitions'])
    && Array.isArray(value['partitions']) && value['partitions'].length > 0),
});

export const isSessionAnswer: Check<SessionAnswer> = shape<SessionAnswer>({ session: isCount });
export const isBatchAnswer: Check<BatchAnswer> = shape<BatchAnswer>({ index: isCount, outcomes: listOf(isOutcome) });
export const isNodeAnswer: Check<NodeAnswer> = shape<NodeAnswer>({ index: isCount, node: isNodeInfo, newFileClass: optional(isText) });
export const isListAnswer: Check<ListAnswer> = shape<ListAnswer>({
  index: isCount, directory: isNodeInfo, entries: listOf(isDirectoryEntry), next: optional(isText),
});
export const isUsageAnswer: Check<UsageAnswer> = shape<UsageAnswer>({ index: isCount, bytes: isCount, inodes: isCount });
export const isContentsAnswer: Check<ContentsAnswer> = shape<ContentsAnswer>({
  index: isCount,
  matches: listOf((value) => isRecord(value) && isHash(value['contentId']) && isText(value['path']) && isNodeInfo(value['node'])),
});
export const isLayoutAnswer: Check<LayoutAnswer> = shape<LayoutAnswer>({ index: isCount, cluster: isText, version: isCount, layout: optional(isLayout) });

export const isManifestAnswer: Check<ManifestAnswer> = shape<ManifestAnswer>({
  index: isCount,
  node: isNodeInfo,
  content: (value) => isRecord(value) && (value['kind'] === 'inline'
    ? isText(value['base64'])
    : value['kind'] === 'chunked' && isCount(value['chunkBytes']) && value['chunkBytes'] !== 0 && isText(value['storageClass'])
      && isCount(value['pageCount']) && isCount(value['firstPage']) && listOf(listOf(isManifestEntry))(value['pages'])),
});

const isTrackerStatus: Check<TrackerStatus> = shape<TrackerStatus>({
  name: isText, url: isText, role: oneOf('leader', 'follower', 'candidate', 'learner', 'unreachable'),
  term: optional(isCount), commit: optional(isCount), applied: optional(isCount), lag: optional(isNumber),
});
const isSeederStatus: Check<SeederStatus> = shape<SeederStatus>({
  name: isText, url: isText, zone: isText, state: oneOf('up', 'down', 'maintenance', 'draining', 'removed', 'suspect'),
  totalBytes: optional(isNumber), freeBytes: optional(isNumber), chunkBytes: optional(isNumber), chunks: optional(isNumber),
  condition: optional(oneOf('open', 'full', 'closed')),
});
export const isClusterStatus: Check<ClusterStatus> = shape<ClusterStatus>({
  cluster: isText, index: isCount, leader: optional(isText), trackers: listOf(isTrackerStatus), seeders: listOf(isSeederStatus),
  classes: listOf((value) => isRecord(value) && isText(value['storageClass'])), bytes: isCount, inodes: isCount,
});

export const isTouchAnswer: Check<TouchAnswer> = shape<TouchAnswer>({ held: listOf(isFlag) });
export const isStoredChunk: Check<StoredChunk> = shape<StoredChunk>({ chunk: isHash, seeders: listOf(isText) });
export const isPackAnswer: Check<PackAnswer> = shape<PackAnswer>({ stored: listOf(isStoredChunk) });

export const isRegisterAnswer: Check<RegisterAnswer> = shape<RegisterAnswer>({ index: isCount, cluster: isText, seeder: isSeederInfo });
export const isHeartbeatAnswer: Check<HeartbeatAnswer> = shape<HeartbeatAnswer>({ index: isCount, layout: isCount, resend: oneOf('changes', 'full') });
export const isStateHashAnswer: Check<StateHashAnswer> = shape<StateHashAnswer>({
  marks: listOf((value) => isRecord(value) && isCount(value['index']) && isText(value['hash'])),
});
export const isEmptyAnswer = (value: unknown): value is object => isRecord(value);

const isFeedEvent: Check<FeedEvent> = shape<FeedEvent>({ index: isCount, classCode: isCount, chunk: isHash, bytes: isCount, liveness: oneOf('live', 'condemned') });
export const isFeedPage: Check<FeedPage> = shape<FeedPage>({ after: isCount, index: isCount, events: listOf(isFeedEvent) });
export const isLiveListing: Check<LiveListing> = shape<LiveListing>({
  classCode: isCount, partition: isCount, index: isCount, next: optional(isHash),
  chunks: listOf((value) => isRecord(value) && isHash(value['chunk']) && isCount(value['bytes'])),
});
