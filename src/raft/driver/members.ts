// Who the trackers of a cluster are, beside Raft's bare ids. This file owns the nouns; member-codec.ts owns their bytes.

import type { Incarnation, NodeId, NodeName } from '../../base/ids.ts';

/** Where a tracker is reached before anything else is known of it. */
export interface TrackerAddress {
  readonly name: NodeName;
  /** Base URL, `http://11.56.1.2:7001`. */
  readonly url: string;
}

/** A tracker with its Raft id. The id is allocated once; a wiped tracker comes back as another member. */
export interface Member extends TrackerAddress {
  readonly id: NodeId;
  readonly incarnation: Incarnation;
}
