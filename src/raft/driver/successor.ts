// Whom a leader should hand over to: the voter that needs the fewest entries to catch up, answers, and has room on its disk. Pure.

import type { NodeId } from '../../base/ids.ts';
import type { Status } from '../core/types.ts';
import type { DiskFloor } from './raft-events.ts';

const preference: readonly DiskFloor[] = ['ample', 'low'];

/** Undefined when nobody can take over. */
export function bestSuccessor(status: Status, floorOf: (peer: NodeId) => DiskFloor): NodeId | undefined {
  const candidates = [...status.progress]
    .filter(([id, progress]) => id !== status.id && !progress.isLearner && progress.recentActive && progress.state !== 'snapshot')
    .map(([id, progress]) => ({ id: id as NodeId, match: progress.match, floor: preference.indexOf(floorOf(id as NodeId)) }))
    .filter((candidate) => candidate.floor >= 0);
  candidates.sort((left, right) => left.floor - right.floor || right.match - left.match || left.id - right.id);
  return candidates[0]?.id;
}
