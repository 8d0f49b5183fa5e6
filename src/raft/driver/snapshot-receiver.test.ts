// What ends a fetch and what ends the process: only the own disk does the latter.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ErrorCodeName } from '../../base/error-codes.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { NodeId } from '../../base/ids.ts';
import { seededRng } from '../../base/rng.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { makeMessage } from '../core/message.ts';
import { emptyClusterConfig, encodeClusterConfig } from './cluster-config.ts';
import type { RaftEvent } from './raft-events.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { encodeTicket } from './snapshot-ticket.ts';

const data = encodeTicket({ id: 's-1', config: encodeClusterConfig(emptyClusterConfig) });
const offer = makeMessage('MsgSnap', { from: 2, to: 1, term: 3, snapshot: { meta: { index: 9, term: 2, confState: emptyClusterConfig.confState }, data } });

async function fetchThatEndsWith(code: ErrorCodeName): Promise<{ readonly failed: number; readonly kinds: readonly string[] }> {
  const clock = new ManualClock();
  const events: RaftEvent[] = [];
  let failed = 0;
  const receiver = new SnapshotReceiver({
    clock, rng: seededRng(1), self: 1 as NodeId, urlOf: () => 'http://b', clean: async () => undefined,
    send: async () => { throw new OffshoreError(code); },
    states: { stage: async () => ({ put: async () => undefined, seal: async () => undefined, discard: async () => undefined }) },
    received: () => undefined, observe: (event) => events.push(event), failed: () => { failed += 1; },
  });
  receiver.offer(offer);
  await clock.advance(60_000);
  await receiver.close();
  return { failed, kinds: events.map((event) => event.kind) };
}

for (const code of ['overloaded', 'starting', 'internal', 'wrong-cluster', 'unreachable'] as const) {
  test(`a peer that answers ${code} ends the fetch, not the process`, async () => {
    assert.equal(await fetchThatEndsWith(code), { failed: 0, kinds: ['snapshot-receiving', 'snapshot-failed'] });
  });
}

for (const code of ['local-io', 'store-closed', 'disk-full'] as const) {
  test(`${code} is the own disk's and ends the process`, async () => assert.is((await fetchThatEndsWith(code)).failed, 1));
}

test.run();
