// apply(state, entry) → results and writes: pure, so every tracker that applies the same log has the same state (`architecture.md` 3).
// Everything it reads is in the draft's view, the entry and the entry's index. New behaviour is keyed on the level in the state.

import { unreachable } from '../../../base/assert.ts';
import { emptyBytes } from '../../../base/bytes.ts';
import { isOffshoreError, OffshoreError } from '../../../base/errors.ts';
import type { LogIndex } from '../../../base/ids.ts';
import type { Sha256 } from '../../../model/chunk.ts';
import { digestSalt } from '../../../model/inventory-digest.ts';
import { applyBatch } from './batch.ts';
import { condemn, forgetCondemned } from './collect.ts';
import { type Command, type CommandResult, type Entry, supportedLevel, type SystemCommand } from './command.ts';
import type { Context } from './context.ts';
import type { Draft } from './draft.ts';
import { trimFeed } from './feed.ts';
import { found, raiseLevel, setConfig } from './found.ts';
import { advanceClock, horizonIndex } from './horizon.ts';
import { setLayout, settle } from './layout.ts';
import { foundedFact, settingsFact } from './records-facts.ts';
import { registerSeeder, setSeederState } from './seeders.ts';
import { closeSession, expireSessions, registerSession } from './sessions.ts';
import { defaultSettings } from './settings.ts';
import { expireUploads } from './uploads.ts';

/** One result a command. Throws `version-unsupported` for what this program must not skip; the tracker then exits. */
export function applyEntry(draft: Draft, input: { readonly index: LogIndex; readonly entry: Entry }, sha256: Sha256): CommandResult[] {
  const { index, entry } = input;
  const age = advanceClock(draft, { age: entry.clusterAge, index });
  let context = refreshed({
    draft, sha256, index, wallMs: entry.wallMs, age, salt: emptyBytes, settings: defaultSettings, horizon: horizonIndex(draft, age),
    position: 0, feedEvents: 0, touched: new Map(),
  });
  return entry.commands.map((command, ordinal) => {
    const result = applyCommand(context, command, ordinal);
    if (command.kind === 'found' || command.kind === 'set-config') context = refreshed(context);
    return result;
  });
}

/** The context with the facts that a command may have changed. */
function refreshed(context: Context): Context {
  const founded = context.draft.get(foundedFact, 'only');
  return {
    ...context,
    salt: founded === undefined ? emptyBytes : digestSalt(founded.cluster),
    settings: context.draft.get(settingsFact, 'only') ?? defaultSettings,
  };
}

function applyCommand(context: Context, command: Command, ordinal: number): CommandResult {
  if ((command.kind === 'raise-level' || command.kind === 'found') && command.level > supportedLevel) {
    throw new OffshoreError('version-unsupported', { what: 'level', level: command.level, supported: supportedLevel });
  }
  const founded = context.draft.get(foundedFact, 'only') !== undefined;
  if (command.kind === 'batch') {
    const outcomes = founded ? applyBatch(context, command) : command.operations.map(() => ({ ok: false, code: 'starting', details: {} }) as const);
    return { kind: 'batch', outcomes };
  }
  if (!founded && command.kind !== 'found') return { kind: 'refused', code: 'starting', details: {} };
  const { feedEvents } = context;
  context.draft.savepoint();
  const result = attempt(context, command, ordinal);
  if (result.kind === 'refused') {
    context.draft.rollback();
    context.feedEvents = feedEvents;
  }
  return result;
}

function attempt(context: Context, command: SystemCommand, ordinal: number): CommandResult {
  try {
    const result = applySystem(context, command, ordinal);
    return context.draft.seal() === 'sealed' ? result : { kind: 'refused', code: 'bad-request', details: { reason: 'cannot be stored', command: command.kind } };
  } catch (error) {
    if (!isOffshoreError(error)) throw error;
    return { kind: 'refused', code: error.code, details: error.details };
  }
}

function applySystem(context: Context, command: SystemCommand, ordinal: number): CommandResult {
  switch (command.kind) {
    case 'found': return found(context, command);
    case 'register-session': return registerSession(context, command.user, ordinal);
    case 'close-session': return closeSession(context, command.session);
    case 'expire-sessions': return expireSessions(context, command.sessions);
    case 'register-seeder': return registerSeeder(context, command);
    case 'seeder-state': return setSeederState(context, command.seeder, command.state);
    case 'set-layout': return setLayout(context, command);
    case 'settle': return settle(context, command.items);
    case 'condemn': return condemn(context, command.chunks, command.grace);
    case 'forget-condemned': return forgetCondemned(context, command.chunks);
    case 'expire-uploads': return expireUploads(context, command.uploads);
    case 'trim-feed': return trimFeed(context, command.rows);
    case 'set-config': return setConfig(context, command.setting);
    case 'raise-level': return raiseLevel(context, command.level);
    default: return unreachable(command);
  }
}
