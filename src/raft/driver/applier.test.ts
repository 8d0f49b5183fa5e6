// Committed entries reach the state machine in order, each once, in bounded groups; between groups it stands still.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../base/limits.ts';
import type { LogIndex, Term } from '../../base/ids.ts';
import { memoryKv } from '../../storage/kv/kv-memory.ts';
import { AppendListMachine } from '../../../test/support/append-list-machine.ts';
import { ManualClock, settle } from '../../../test/support/manual-clock.ts';
import { makeMessage } from '../core/message.ts';
import { localApplyThread, type Message } from '../core/types.ts';
import { Applier } from './applier.ts';

function makeApplier() {
  const machine = AppendListMachine.open(memoryKv());
  const [groups, delivered, failures]: [number[], number[], unknown[]] = [[], [], []];
  const applier = new Applier<number, 'note'>({
    clock: new ManualClock(), machine: () => machine,
    prepare: (entry) => ({ entry: { index: entry.index as LogIndex, term: entry.term as Term, data: entry.data }, note: 'note' }),
    applied: (group) => groups.push(group.length),
    deliver: (messages) => delivered.push(...messages.map((message) => message.index)),
    failed: (error) => failures.push(error),
  });
  return { applier, machine, groups, delivered, failures };
}

function apply(from: number, to: number): Message {
  const entries = Array.from({ length: to - from + 1 }, (_, at) => ({ index: from + at, term: 1, type: 'normal' as const, data: new Uint8Array([7]) }));
  return makeMessage('MsgStorageApply', { to: localApplyThread, entries, responses: [makeMessage('MsgStorageApplyResp', { index: to })] });
}

test('entries are applied in order and answered when they are durable', async () => {
  const { applier, machine, delivered } = makeApplier();
  applier.enqueue(apply(1, 3));
  applier.enqueue(apply(4, 5));
  await applier.whenIdle();
  assert.equal([machine.progress().index, delivered], [5, [3, 5]]);
});

test('a group is bounded, and an answer waits for the last entry of its message', async () => {
  const { applier, groups, delivered } = makeApplier();
  applier.enqueue(apply(1, limits.applyGroupEntriesMax + 10));
  await applier.whenIdle();
  assert.equal([groups, delivered], [[limits.applyGroupEntriesMax, 10], [limits.applyGroupEntriesMax + 10]]);
});

test('a task runs between two groups, before any further one', async () => {
  const { applier, machine } = makeApplier();
  let open: () => void = () => undefined;
  machine.gate = new Promise((resolve) => { open = resolve; });
  applier.enqueue(apply(1, 2));
  await settle();
  applier.enqueue(apply(3, 4));
  const seen = applier.exclusively(async () => machine.progress().index);
  open();
  assert.is(await seen, 2);
  await applier.whenIdle();
  assert.is(machine.progress().index, 4);
});

test('entries that an installed state covers are not applied again', async () => {
  const { applier, machine, delivered } = makeApplier();
  applier.enqueue(apply(1, 4));
  await applier.whenIdle();
  applier.enqueue(apply(2, 6));
  await applier.whenIdle();
  assert.equal([machine.progress().index, delivered], [6, [4, 6]]);
});

test('a state machine that throws ends everything', async () => {
  const { applier, machine, delivered, failures } = makeApplier();
  machine.gate = Promise.reject(new Error('EIO'));
  applier.enqueue(apply(1, 1));
  applier.enqueue(apply(2, 2));
  await applier.whenIdle();
  assert.equal([delivered, failures.length], [[], 1]);
});

test.run();
