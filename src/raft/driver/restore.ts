// Opens log and state of a tracker and checks that they belong together before the core sees them (pitfall P28): a log that ends before
// what was applied lost entries, a state older than the log's beginning cannot be continued. Both are refused, never repaired silently.

import { DecodeError } from '../../base/codec.ts';
import { isOffshoreError, OffshoreError } from '../../base/errors.ts';
import type { FileIo } from '../../storage/file-io.ts';
import type { OpenKv } from '../../storage/kv/kv.ts';
import type { StateFolders } from '../../storage/state-machine.ts';
import { decodeClusterConfig, foundingConfig, type ClusterConfig } from './cluster-config.ts';
import { CurrentState } from './current-state.ts';
import { markJoined, type Identity } from './identity-file.ts';
import { LevelLogStore } from './log-store-level.ts';
import type { LogIdentity, LogStore } from './log-store.ts';
import { decodeFounding } from './member-codec.ts';

export async function openLog(folder: string, openKv: OpenKv): Promise<LogStore> {
  try {
    return await LevelLogStore.open(await openKv(`${folder}/raft-log`));
  } catch (error) {
    if (isOffshoreError(error, 'state-damaged')) throw new OffshoreError('log-damaged', error.details, { cause: error });
    throw error;
  }
}

/** The log and the identity file say the same; a fresh identity is marked as joined now, before any vote. */
export async function checkIdentity(
  options: { readonly folder: string; readonly identity: Identity; readonly log: LogIdentity }, deps: { readonly files: FileIo },
): Promise<Identity> {
  const { folder, identity, log } = options;
  if (log.incarnation !== identity.incarnation) throw new OffshoreError('wiped-member', { name: identity.name }, { message: 'The log belongs to another incarnation' });
  if (identity.stage.kind === 'fresh') return markJoined(folder, identity, log, deps.files);
  const same = identity.stage.cluster === log.cluster && identity.stage.id === log.id;
  if (!same) throw new OffshoreError('wrong-cluster', { name: identity.name }, { message: 'The log belongs to another cluster' });
  return identity;
}

export interface RestoredState<Result> {
  readonly state: CurrentState<Result>;
  readonly config: ClusterConfig;
}

export async function restoreState<Result>(store: LogStore, log: LogIdentity, states: StateFolders<Result>): Promise<RestoredState<Result>> {
  const { folder } = store.state();
  await states.removeOthers(folder);
  const machine = await states.open(folder);
  const progress = machine.progress();
  try {
    checkTogether(store, progress.index);
    const config = progress.index === 0 ? foundingConfig(decodeFounding(log.founding)) : decodeClusterConfig(progress.confState);
    return { state: new CurrentState(machine, folder), config };
  } catch (error) {
    await machine.close();
    throw error instanceof DecodeError ? new OffshoreError('state-damaged', {}, { cause: error }) : error;
  }
}

function checkTogether(store: LogStore, applied: number): void {
  const [boundary, last, { commit }] = [store.boundary().index, store.last().index, store.hardState()];
  if (applied > last) throw new OffshoreError('log-damaged', { applied, last }, { message: 'The log ends before what was applied' });
  if (commit > last) throw new OffshoreError('log-damaged', { commit, last }, { message: 'The log ends before what was committed' });
  if (applied < boundary) throw new OffshoreError('state-damaged', { applied, first: boundary + 1 }, { message: 'The log does not go back to where the state stands' });
}
