// Rounds of linearizable reads: who shares one, who waits for the next, what a late answer does.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../base/assert.ts';
import { isOffshoreError } from '../../base/errors.ts';
import type { Incarnation, LogIndex, NodeId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { Reads } from './reads.ts';

const index = (value: number): LogIndex => value as LogIndex;
const signal = (): AbortSignal => new AbortController().signal;

function makeReads(waitersMax = 100): Reads {
  return new Reads({ id: 1 as NodeId, incarnation: 'a'.repeat(32) as Incarnation, run: 1, waitersMax });
}

function startRound(reads: Reads): Uint8Array {
  return mustExist(reads.startRound(), 'a round starts');
}

test('reads that arrive during a round wait for the next one', async () => {
  const reads = makeReads();
  const first = reads.barrier(signal());
  const context = startRound(reads);
  const second = reads.barrier(signal());
  assert.is(reads.startRound(), undefined);
  reads.answered({ context, index: index(5) }, index(5));
  assert.is(await first, 5);
  const next = startRound(reads);
  assert.not.equal(next, context);
  reads.answered({ context: next, index: index(9) }, index(9));
  assert.is(await second, 9);
});

test('a read waits until its index is applied', async () => {
  const reads = makeReads();
  let done = false;
  const read = reads.barrier(signal()).then((at) => { done = true; return at; });
  reads.answered({ context: startRound(reads), index: index(7) }, index(3));
  await Promise.resolve();
  assert.not.ok(done);
  reads.applied(index(6));
  await Promise.resolve();
  assert.not.ok(done);
  reads.applied(index(8));
  assert.is(await read, 7);
});

test('the answer to a round that was asked again is ignored (etcd#20418)', async () => {
  const reads = makeReads();
  const read = reads.barrier(signal());
  const old = startRound(reads);
  for (let tick = 0; tick < limits.readRoundTicks; tick += 1) reads.tick();
  const again = startRound(reads);
  reads.answered({ context: old, index: index(2) }, index(9));
  reads.answered({ context: again, index: index(6) }, index(9));
  assert.is(await read, 6);
});

test('a read gives up after its rounds', async () => {
  const reads = makeReads();
  const read = reads.barrier(signal()).catch((error: unknown) => error);
  for (let round = 0; round < limits.readRoundsMax; round += 1) {
    startRound(reads);
    for (let tick = 0; tick < limits.readRoundTicks; tick += 1) reads.tick();
  }
  assert.ok(isOffshoreError(await read, 'no-leader'));
});

test('an aborted read is forgotten', async () => {
  const reads = makeReads();
  const stop = new AbortController();
  const read = reads.barrier(stop.signal).catch((error: unknown) => error);
  stop.abort();
  assert.ok(isOffshoreError(await read, 'aborted'));
  assert.is(reads.startRound(), undefined);
});

test('more reads than the bound are refused', () => {
  const reads = makeReads(3);
  for (let at = 0; at < 3; at += 1) reads.barrier(signal()).catch(() => undefined);
  assert.throws(() => reads.barrier(signal()), (error: unknown) => isOffshoreError(error, 'overloaded'));
});

test.run();
