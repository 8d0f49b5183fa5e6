import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inlineFile, StateWorld } from './state-world.ts';

test('10,000 entries are listed page by page in byte order', async () => {
  const world = await StateWorld.ready();
  for (let base = 0; base < 10_000; base += 1000) {
    await world.run(Array.from({ length: 1000 }, (_, i) => inlineFile(`/n${(base + i) * 7919 % 10_000}`, '')));
  }
  const names: string[] = [];
  let after: string | undefined;
  do {
    const page = await world.machine.queries.list('/', { limit: 777, ...(after === undefined ? {} : { after }) });
    names.push(...page.entries.map((entry) => entry.name));
    after = page.next;
  } while (after !== undefined);
  assert.is(names.length, 10_000);
  assert.equal(names, [...names].sort());
  assert.is((await world.machine.queries.stat('/', 'never')).children, 10_000);
});

test.run();
