// The errors a caller of the core meets and may handle. Everything else that is thrown is an AssertionError, a bug.

/** Nobody appends the proposal now: no leader is known, it is handing over, or the uncommitted tail is full. */
export class ProposalDropped extends Error {
  override readonly name = 'ProposalDropped';

  constructor() {
    super('raft proposal dropped');
  }
}

/** A response came from a node that is not (or no longer) a member. */
export class StepPeerNotFound extends Error {
  override readonly name = 'StepPeerNotFound';

  constructor() {
    super('raft: cannot step as peer not found');
  }
}

/** The message is of a kind that never travels. */
export class StepLocalMsg extends Error {
  override readonly name = 'StepLocalMsg';

  constructor() {
    super('raft: cannot step raft local message');
  }
}

/** The index lies before what storage still holds. */
export class CompactedError extends Error {
  override readonly name = 'CompactedError';

  constructor() {
    super('requested index is unavailable due to compaction');
  }
}

/** The index lies after what storage holds. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';

  constructor() {
    super('requested entry at index is unavailable');
  }
}

/** Storage holds a newer snapshot than the one offered. */
export class SnapshotOutOfDateError extends Error {
  override readonly name = 'SnapshotOutOfDateError';

  constructor() {
    super('requested index is older than the existing snapshot');
  }
}

/** Storage cannot give a snapshot now; the core asks again later. */
export class SnapshotTemporarilyUnavailableError extends Error {
  override readonly name = 'SnapshotTemporarilyUnavailableError';

  constructor() {
    super('snapshot is temporarily unavailable');
  }
}

/** What is on disk contradicts itself (pitfall P28): this member must be removed and added again as a new one. */
export class StoredStateError extends Error {
  override readonly name = 'StoredStateError';
}
