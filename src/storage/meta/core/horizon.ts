// The clock of the state, and marks that turn an age into an index: one for each hour of cluster age, kept a little longer than the horizon.
// "Older than the horizon" is decided by index, because a stamp is an index.

import type { ClusterAge, LogIndex } from '../../../base/ids.ts';
import { hour, limits } from '../../../base/limits.ts';
import type { Draft } from './draft.ts';
import { horizonMarkTable } from './records-cluster.ts';
import { clockFact, horizonFact } from './records-facts.ts';

const hoursKept = Math.ceil(limits.stampHorizonMs / hour) + 2;

/** Moves the clock forward, never back; answers the age that the entry is applied at. */
export function advanceClock(draft: Draft, entry: { readonly age: ClusterAge; readonly index: LogIndex }): ClusterAge {
  const old = draft.get(clockFact, 'only') ?? 0 as ClusterAge;
  const age = Math.max(old, entry.age) as ClusterAge;
  if (age === old && draft.get(horizonFact, 'only') !== undefined) return age;
  draft.put(clockFact, 'only', age);
  markHours(draft, { ...entry, age });
  return age;
}

function markHours(draft: Draft, entry: { readonly age: ClusterAge; readonly index: LogIndex }): void {
  const reached = Math.floor(entry.age / hour) + 1;
  const marked = draft.get(horizonFact, 'only') ?? 0;
  if (reached <= marked) return;
  // Both loops are bounded by the hours kept, however far the clock jumped.
  for (let gone = Math.max(0, marked - hoursKept); gone < Math.min(marked, reached - hoursKept); gone += 1) draft.remove(horizonMarkTable, gone);
  for (let mark = Math.max(marked, reached - hoursKept); mark < reached; mark += 1) draft.put(horizonMarkTable, mark, entry.index);
  draft.put(horizonFact, 'only', reached);
}

/** Stamps below it are older than the horizon; 0 while the cluster is younger. */
export function horizonIndex(draft: { get: Draft['get'] }, age: ClusterAge): LogIndex {
  if (age < limits.stampHorizonMs) return 0 as LogIndex;
  return draft.get(horizonMarkTable, Math.floor((age - limits.stampHorizonMs) / hour)) ?? 0 as LogIndex;
}
