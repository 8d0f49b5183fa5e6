// Founding of a state: its cluster, first settings, counters and the root directory. Also later changes of settings and level.

import { mustExist } from '../../../base/assert.ts';
import type { LogIndex } from '../../../base/ids.ts';
import type { Command, CommandResult, ConfigSetting } from './command.ts';
import { type Context, refusal } from './context.ts';
import { insertInode } from './history.ts';
import { allocatorsFact, countsFact, feedFact, foundedFact, layoutFact, settingsFact } from './records-facts.ts';
import { standingTable } from './records-names.ts';
import { rootIno } from './resolve.ts';
import { defaultSettings, withSetting } from './settings.ts';

const rootMode = 0o755;

export function found(context: Context, command: Extract<Command, { kind: 'found' }>): CommandResult {
  const { draft } = context;
  const old = draft.get(foundedFact, 'only');
  if (old !== undefined) throw refusal(old.cluster === command.cluster ? 'exists' : 'wrong-cluster', { cluster: old.cluster });
  const settings = command.settings.reduce((all, each) => withSetting(all, each.name, each.value), defaultSettings);
  draft.put(foundedFact, 'only', { cluster: command.cluster, level: command.level });
  draft.put(settingsFact, 'only', settings);
  draft.put(allocatorsFact, 'only', { ino: rootIno + 1, content: 1, seeder: 1 });
  draft.put(countsFact, 'only', { sessions: 0, uploads: 0 });
  draft.put(feedFact, 'only', { events: 0, trimmedThrough: 0 as LogIndex });
  draft.put(layoutFact, 'only', { version: context.index, classes: [] });
  insertInode(context, rootIno, { kind: 'directory', mode: rootMode, uid: 0, gid: 0, mtimeMs: context.wallMs, ctimeMs: context.wallMs, links: 1 }, 'fresh');
  draft.put(standingTable, rootIno, { parent: 0, name: '', tally: { children: 0, mtimeMs: context.wallMs, treeBytes: 0, treeInodes: 0 } });
  return { kind: 'done' };
}

export function setConfig(context: Context, setting: ConfigSetting): CommandResult {
  context.draft.put(settingsFact, 'only', withSetting(context.settings, setting.name, setting.value));
  return { kind: 'done' };
}

/** Levels only rise. That every tracker supports the level is the leader's check; here a higher one than ours ends the process. */
export function raiseLevel(context: Context, level: number): CommandResult {
  const founded = mustExist(context.draft.get(foundedFact, 'only'), 'checked before');
  if (level <= founded.level) throw refusal('precondition-failed', { level: founded.level });
  context.draft.put(foundedFact, 'only', { ...founded, level });
  return { kind: 'done' };
}
