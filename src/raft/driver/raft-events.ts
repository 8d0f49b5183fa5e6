// What happens in the driver that people want to read in a log or count in a metric. The composition root maps it to observe/catalogue.

import type { LogIndex, NodeId, Term } from '../../base/ids.ts';
import type { Lane } from './stream.ts';

export type RaftEvent =
  | { readonly kind: 'role-changed'; readonly role: RaftRole; readonly term: Term; readonly leader?: NodeId }
  | { readonly kind: 'stream-opened'; readonly peer: NodeId; readonly lane: Lane }
  | { readonly kind: 'stream-lost'; readonly peer: NodeId; readonly lane: Lane; readonly why: string }
  | { readonly kind: 'snapshot-offered'; readonly peer: NodeId; readonly index: LogIndex }
  | { readonly kind: 'snapshot-receiving'; readonly from: NodeId; readonly index: LogIndex }
  | { readonly kind: 'snapshot-installed'; readonly index: LogIndex }
  | { readonly kind: 'snapshot-failed'; readonly index: LogIndex; readonly why: string }
  | { readonly kind: 'log-compacted'; readonly first: LogIndex }
  | { readonly kind: 'log-written'; readonly entries: number; readonly ms: number }
  | { readonly kind: 'group-applied'; readonly entries: number; readonly ms: number }
  | { readonly kind: 'disk-floor'; readonly floor: DiskFloor }
  | { readonly kind: 'disk-hung'; readonly ms: number }
  | { readonly kind: 'membership-changed'; readonly index: LogIndex }
  | { readonly kind: 'waiting-for-trackers'; readonly missing: readonly string[] }
  | { readonly kind: 'failed'; readonly error: unknown };

/** What this tracker is at the moment. `learner` receives the log and does not vote. */
export type RaftRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader' | 'learner';

/** Free space (`architecture.md` 4): `ample`; `low`: only what frees or repairs is proposed; `critical`: no appends are taken. */
export type DiskFloor = 'ample' | 'low' | 'critical';
