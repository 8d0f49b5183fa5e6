// What a seeder asks the trackers for, as a port of this role: the duties depend on it and not on how leaders are found.

import type { ChunkId, LogIndex } from '../../base/ids.ts';
import type { FeedPage, LiveListing } from '../../model/feed.ts';
import type { Layout } from '../../model/layout.ts';
import type { SeederId } from '../../base/ids.ts';
import type { HeartbeatAnswer, HeartbeatRequest, RegisterAnswer, RegisterRequest } from '../../protocol/tracker-api.ts';

/** Every call is linearizable and tries the trackers in turn until `signal` ends it. */
export interface Trackers {
  register(request: RegisterRequest, signal: AbortSignal): Promise<RegisterAnswer>;
  heartbeat(request: HeartbeatRequest, signal: AbortSignal): Promise<HeartbeatAnswer>;
  signOut(request: { readonly seeder: SeederId; readonly incarnation: string }, signal: AbortSignal): Promise<void>;
  layout(signal: AbortSignal): Promise<{ readonly index: LogIndex; readonly layout: Layout }>;
  /** How far the log is; `known` is the layout version that need not be sent again. */
  index(known: LogIndex, signal: AbortSignal): Promise<LogIndex>;
  /** Throws `pruned` when events after `after` are gone. */
  feed(request: { readonly seeder: SeederId; readonly after: LogIndex }, signal: AbortSignal): Promise<FeedPage>;
  live(request: { readonly storageClass: string; readonly partition: number; readonly after?: ChunkId }, signal: AbortSignal): Promise<LiveListing>;
}
