// What a leader does with proposals: refuse, or append and replicate. At most one membership change may be unapplied at a time.

import { confChangeOf, toV2 } from './conf-change-codec.ts';
import { changeConfiguration, isJoint } from './conf-change.ts';
import { emptyBytes } from '../../base/bytes.ts';
import { describeChanges, describeConfiguration } from './describe.ts';
import { appendOwn } from './own-log.ts';
import type { EntryDraft } from './own-log.ts';
import type { Raft } from './raft.ts';
import { broadcastAppend } from './replicate.ts';
import { traceConfChange } from './trace.ts';
import type { ConfChangeV2 } from './types.ts';
import { noNode } from './types.ts';

export function proposeOnLeader(raft: Raft, drafts: readonly EntryDraft[]): 'appended' | 'dropped' {
  const { logger } = raft.config;
  if (raft.tracker.of(raft.id) === undefined) {
    logger.debug(`${raft.id} was removed and appends nothing more`);
    return 'dropped';
  }
  if (raft.leadTransferee !== noNode) {
    logger.debug(`${raft.id} is handing leadership to ${raft.leadTransferee} and appends nothing meanwhile`);
    return 'dropped';
  }
  const pendingBefore = raft.pendingConfIndex;
  const checked = drafts.map((draft, i) => checkConfChange(raft, draft, raft.log.lastIndex() + 1 + i));
  if (appendOwn(raft, checked) === 'refused') {
    raft.pendingConfIndex = pendingBefore;
    logger.debug(`${raft.id} appends nothing more before part of ${raft.uncommittedBytes} bytes is applied`);
    return 'dropped';
  }
  broadcastAppend(raft);
  return 'appended';
}

/** Once the last change is applied, an automatic joint configuration is left by proposing so; tried again with every entry applied. */
export function maybeLeaveJoint(raft: Raft): void {
  const { configuration } = raft.tracker;
  if (raft.role !== 'leader' || !configuration.autoLeave || raft.log.applied < raft.pendingConfIndex) return;
  // Empty data, so that no limit on bytes can refuse it.
  const outcome = proposeOnLeader(raft, [{ type: 'conf-change-v2', data: emptyBytes }]);
  raft.config.logger.info(`${raft.id} ${outcome === 'appended' ? 'is leaving' : 'cannot leave yet'} ${describeConfiguration(configuration)}`);
}

/** A change that must not be appended now becomes an empty entry: the proposal keeps its place. */
function checkConfChange(raft: Raft, draft: EntryDraft, index: number): EntryDraft {
  const decoded = confChangeOf(draft);
  if (decoded === undefined) return draft;
  const change = toV2(decoded);
  const reason = refusalOf(raft, change);
  if (reason !== undefined && !raft.config.disableConfChangeValidation) {
    raft.config.logger.info(
      `${raft.id} ignores membership change [${describeChanges(change.changes)}] in ${describeConfiguration(raft.tracker.configuration)}: ${reason}`,
    );
    return { type: 'normal', data: emptyBytes };
  }
  raft.pendingConfIndex = index;
  traceConfChange(raft, 'ChangeConf', change);
  return draft;
}

function refusalOf(raft: Raft, change: ConfChangeV2): string | undefined {
  const joint = isJoint(raft.tracker.configuration);
  const leaves = change.changes.length === 0;
  if (raft.pendingConfIndex > raft.log.applied) return `an earlier one may be unapplied up to ${raft.pendingConfIndex}`;
  if (joint && !leaves) return 'the joint configuration must be left first';
  if (!joint && leaves) return 'there is no joint configuration to leave';
  // Nothing else is unapplied, so this is what would happen when it is applied, where it is too late to refuse.
  const outcome = changeConfiguration(raft.tracker.configuration, change);
  return outcome.kind === 'refused' ? outcome.reason : undefined;
}
