// Whose layout counts, and when the trackers are read.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SeederId } from '../../base/ids.ts';
import type { Layout } from '../../model/layout.ts';
import { bodyOf, codeOf, copies3, index, layoutOf, never, watch } from '../../../test/support/seeder-world.ts';
import { settle } from '../../../test/support/manual-clock.ts';
import { LayoutView, standingOf } from './layout-view.ts';

class Trackers {
  readonly waiting: { readonly signal: AbortSignal; readonly resolve: (layout: Layout) => void; readonly reject: (error: Error) => void }[] = [];
  reads = 0;

  readonly read = (signal: AbortSignal): Promise<Layout> => {
    this.reads += 1;
    return new Promise((resolve, reject) => this.waiting.push({ signal, resolve, reject }));
  };

  answer(version: number): void {
    this.waiting.shift()?.resolve(layoutOf({ version, now: [1, 2, 3] }));
  }
}

function viewOf(): { readonly trackers: Trackers; readonly view: LayoutView; readonly stopping: AbortController } {
  const trackers = new Trackers();
  const stopping = new AbortController();
  return { trackers, stopping, view: new LayoutView({ read: trackers.read, stopping: stopping.signal }) };
}

test('callers of one moment share one read', async () => {
  const { trackers, view } = viewOf();
  const both = [view.refresh(never), view.refresh(never)];
  await settle();
  trackers.answer(5);

  assert.equal((await Promise.all(both)).map((layout) => layout.version), [5, 5]);
  assert.is(trackers.reads, 1);
});

test('a read that began before the call does not count: it may miss what the caller must see', async () => {
  const { trackers, view } = viewOf();
  const early = view.refresh(never);
  await settle();
  const late = watch(view.atLeast(index(7), never));
  trackers.answer(5);
  await early;
  await settle();
  assert.is(late.state(), 'pending');

  trackers.answer(7);
  await settle();

  assert.is(late.value()?.version, 7);
  assert.is(trackers.reads, 2);
});

test('a known layout that is new enough is answered without asking', async () => {
  const { trackers, view } = viewOf();
  const first = view.refresh(never);
  await settle();
  trackers.answer(5);
  await first;

  assert.is((await view.atLeast(index(5), never)).version, 5);
  assert.is((await view.atLeast(index(3), never)).version, 5);
  assert.is(trackers.reads, 1);
});

test('an older answer never replaces a newer layout', async () => {
  const { trackers, view } = viewOf();
  const first = view.refresh(never);
  await settle();
  trackers.answer(9);
  await first;
  const second = view.refresh(never);
  await settle();
  trackers.answer(8);

  assert.is((await second).version, 9);
  assert.is(view.current()?.version, 9);
});

test('a caller that hangs up leaves the read to the others', async () => {
  const { trackers, view } = viewOf();
  const gone = new AbortController();
  const leaving = codeOf(view.refresh(gone.signal));
  const staying = view.refresh(never);
  await settle();
  gone.abort();

  assert.is(await leaving, 'aborted');
  assert.is(trackers.waiting[0]?.signal.aborted, false);
  trackers.answer(4);
  assert.is((await staying).version, 4);
});

test('a failed read fails its callers and not the next one', async () => {
  const { trackers, view } = viewOf();
  const failing = codeOf(view.refresh(never));
  await settle();
  trackers.waiting.shift()?.reject(new Error('no tracker'));
  assert.is(await failing, 'Error: no tracker');

  const next = view.refresh(never);
  await settle();
  trackers.answer(6);

  assert.is((await next).version, 6);
});

test('stopping reaches the read itself', async () => {
  const { trackers, view, stopping } = viewOf();
  void view.refresh(never).catch(() => undefined);
  await settle();
  stopping.abort();

  assert.is(trackers.waiting[0]?.signal.aborted, true);
});

test('standing: listed by the known list, changed by a newer one, by absence, and without a layout of the class', () => {
  const chunk = { classCode: copies3, chunk: bodyOf('x').chunk };
  const layout = layoutOf({ version: 10, since: 8, now: [1, 2, 3] });
  const self = 1 as SeederId;

  assert.is(standingOf(layout, self, chunk, index(10)).kind, 'listed');
  assert.is(standingOf(layout, self, chunk, index(8)).kind, 'listed');
  assert.is(standingOf(layout, self, chunk, index(7)).kind, 'changed');
  assert.is(standingOf(layout, 4 as SeederId, chunk, index(10)).kind, 'changed');
  assert.is(standingOf({ ...layout, classes: [] }, self, chunk, index(10)).kind, 'changed');
});

test.run();
