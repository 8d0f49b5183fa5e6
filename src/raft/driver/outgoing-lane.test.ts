// How a lane comes back: at once after a stream that worked, with growing pauses otherwise.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { seededRng } from '../../base/rng.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { OutgoingLane } from './outgoing-lane.ts';
import type { DialResult, Hello, StreamLoss } from './stream.ts';

const hello: Hello = {
  protocol: 1, cluster: 'c' as ClusterId, from: 1 as NodeId, fromName: 'a' as NodeName, fromUrl: 'http://a', incarnation: 'i' as Incarnation, to: 2 as NodeId, lane: 'control',
};

function makeLane(dial: () => DialResult) {
  const clock = new ManualClock();
  const [dialledMs, lost]: [number[], string[]] = [[], []];
  const lane = new OutgoingLane({
    clock, rng: seededRng(1), target: () => ({ url: 'http://b', hello }), opened: () => undefined,
    lost: (loss) => lost.push(loss.kind), failed: (error) => { throw error; },
    dial: async () => {
      dialledMs.push(clock.monotonicMs());
      return dial();
    },
  });
  lane.start();
  return { clock, lane, dialledMs, lost };
}

function openStream(): { readonly result: DialResult; readonly sent: Uint8Array[]; readonly lose: (loss: StreamLoss) => void } {
  let lose: (loss: StreamLoss) => void = () => undefined;
  const lost = new Promise<StreamLoss>((resolve) => { lose = resolve; });
  const sent: Uint8Array[] = [];
  const stream = { lost, close: () => undefined, send: (frames: readonly Uint8Array[]) => { sent.push(...frames); return 'accepted' as const; } };
  return { result: { kind: 'open', stream }, sent, lose: (loss) => lose(loss) };
}

test('a refused dial is repeated after growing pauses', async () => {
  const { clock, lane, dialledMs } = makeLane(() => ({ kind: 'failed', loss: { kind: 'refused' } }));
  await clock.advance(20_000);
  lane.close();
  const pauses = dialledMs.slice(1).map((ms, at) => ms - (dialledMs[at] as number));
  assert.ok((pauses[0] as number) <= limits.reconnectMsMin);
  assert.ok(pauses.every((ms) => ms <= limits.reconnectMsMax));
  assert.ok(dialledMs.length < 30);
});

test('after a stream that worked the peer is asked at once', async () => {
  const streams = [openStream(), openStream()];
  const results = streams.map((stream) => stream.result);
  const { clock, lane, dialledMs, lost } = makeLane(() => results.shift() ?? { kind: 'failed', loss: { kind: 'refused' } });
  await clock.advance(limits.reconnectMsMax);
  streams[0]?.lose({ kind: 'broken' });
  await clock.advance(0);
  lane.close();
  assert.equal([dialledMs.length, lost], [2, ['broken']]);
});

test('streams that end as soon as they are open are not made without pause', async () => {
  const { clock, lane, dialledMs } = makeLane(() => {
    const stream = openStream();
    stream.lose({ kind: 'broken' });
    return stream.result;
  });
  await clock.advance(10_000);
  lane.close();
  assert.ok(dialledMs.length < 30);
});

test('frames are lost while no stream is open', async () => {
  const stream = openStream();
  const { clock, lane } = makeLane(() => stream.result);
  assert.is(lane.send([new Uint8Array(1)]), 'lost');
  await clock.advance(0);
  assert.is(lane.send([new Uint8Array(1)]), 'accepted');
  lane.close();
  assert.is(lane.send([new Uint8Array(1)]), 'lost');
  assert.is(stream.sent.length, 1);
});

test.run();
