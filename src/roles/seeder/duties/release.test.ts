// When copies of a settled partition go: never on an old layout, never one that somebody counted on since.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SeederId } from '../../../base/ids.ts';
import type { Layout } from '../../../model/layout.ts';
import { silentLog } from '../../../observe/log.ts';
import { MemoryChunkStore } from '../../../storage/chunks/memory-chunk-store.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { bodyOf, cluster, codeOf, index, keyOf, layoutOf, never, sha256, toStore } from '../../../../test/support/seeder-world.ts';
import { LayoutView } from '../layout-view.ts';
import { Releaser } from './release.ts';

const self = 1 as SeederId;
const body = bodyOf('held');

class Desk {
  readonly store = new MemoryChunkStore({ cluster }, { clock: new ManualClock(), sha256 });
  layout: Layout;
  reads = 0;
  reachable = true;
  readonly view = new LayoutView({ stopping: never, read: () => {
    this.reads += 1;
    return this.reachable ? Promise.resolve(this.layout) : Promise.reject(new Error('no tracker'));
  } });
  readonly releaser = new Releaser({ self: () => self }, { store: this.store, layout: this.view, log: silentLog });

  constructor(layout: Layout) {
    this.layout = layout;
  }

  get holds(): boolean {
    return this.store.lookup(keyOf(body)) !== undefined;
  }
}

const listed = layoutOf({ version: 10, now: [1, 2, 3] });
const settled = layoutOf({ version: 20, since: 15, now: [2, 3, 4] });

async function holding(layout: Layout, stamp = 5): Promise<Desk> {
  const desk = new Desk(layout);
  await desk.store.put([toStore(body, stamp)]);
  // Heartbeats bring the layout; the duty reads it again itself.
  await desk.view.refresh(never);
  desk.reads = 0;
  return desk;
}

test('what neither list names goes', async () => {
  const desk = await holding(settled);
  await desk.releaser.round(never);
  assert.not.ok(desk.holds);
});

test('a seeder in `now` keeps everything, and so does one in `before`', async () => {
  for (const layout of [listed, layoutOf({ version: 20, now: [2, 3, 4], before: [1, 2, 3] })]) {
    const desk = await holding(layout);
    await desk.releaser.round(never);
    assert.ok(desk.holds);
  }
});

test('a chunk stamped at or after the layout stays: its writer read a newer list', async () => {
  for (const stamp of [20, 21]) {
    const desk = await holding(settled, stamp);
    await desk.releaser.round(never);
    assert.ok(desk.holds, `stamp ${stamp}`);
  }
  const touched = await holding(settled, 5);
  await touched.store.touch([keyOf(body)], index(25));
  await touched.releaser.round(never);
  assert.ok(touched.holds);
});

test('it acts only on a layout read now, not on the one remembered', async () => {
  const desk = await holding(settled);
  desk.layout = layoutOf({ version: 30, now: [1, 2, 3], before: [4] });

  await desk.releaser.round(never);

  assert.is(desk.reads, 1);
  assert.ok(desk.holds);
});

test('without a tracker nothing goes', async () => {
  const desk = await holding(settled);
  desk.reachable = false;
  assert.is.not(await codeOf(desk.releaser.round(never)), 'ok');
  assert.ok(desk.holds);
});

test('being listed again in the middle of a round voids the release', async () => {
  const desk = await holding(settled);
  const held = desk.store.held.bind(desk.store);
  let calls = 0;
  desk.store.held = async (...page) => {
    calls += 1;
    if (calls === 1) {
      desk.layout = layoutOf({ version: 30, now: [1, 2, 3], before: [4] });
      await desk.view.refresh(never);
    }
    return held(...page);
  };

  await desk.releaser.round(never);

  assert.ok(desk.holds);
});

test('one complete round a layout; a new version is looked at again, a failed round too', async () => {
  const desk = await holding(settled, 25);
  await desk.releaser.round(never);
  await desk.releaser.round(never);
  assert.is(desk.reads, 1);

  desk.layout = layoutOf({ version: 30, since: 15, now: [2, 3, 4] });
  await desk.view.refresh(never);
  const quarantine = desk.store.quarantine.bind(desk.store);
  desk.store.quarantine = () => Promise.reject(new Error('disk'));
  assert.is(await codeOf(desk.releaser.round(never)), 'Error: disk');
  desk.store.quarantine = quarantine;
  await desk.releaser.round(never);

  assert.not.ok(desk.holds);
});

test('stopping ends a round between partitions', async () => {
  const desk = await holding(settled);
  const stop = new AbortController();
  stop.abort();

  assert.is.not(await codeOf(desk.releaser.round(stop.signal)), 'ok');
  assert.ok(desk.holds);
});

test.run();
