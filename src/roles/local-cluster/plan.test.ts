import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../../base/errors.ts';
import { readRoleOptions } from '../../config/core/role-options.ts';
import { argumentsOf, defaultShape, planNodes, settleShape } from './plan.ts';

function messageOf(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    return isOffshoreError(error, 'bad-option') ? error.message : String(error);
  }
}

test('trackers listen above the base port, seeders a hundred further', () => {
  const nodes = planNodes({ basePort: 7000, trackers: 3, seeders: 2 }, '/d');

  assert.equal(nodes.map(({ name, url }) => `${name} ${url}`), [
    'tracker-1 http://127.0.0.1:7001', 'tracker-2 http://127.0.0.1:7002', 'tracker-3 http://127.0.0.1:7003',
    'seeder-1 http://127.0.0.1:7101', 'seeder-2 http://127.0.0.1:7102',
  ]);
});

test('the arguments of every node are ones that roles take', () => {
  const nodes = planNodes(defaultShape, '/d');

  for (const node of nodes) {
    const read = readRoleOptions(argumentsOf(node, nodes), {});
    assert.ok(read.ok, node.name);
    assert.is(read.value.roles[0]?.options.advertise, node.url);
    assert.is(read.value.roles[0]?.options.data, `/d/${node.name}`);
  }
});

test('no log lies in a data folder: an empty one means a new node', () => {
  for (const node of planNodes(defaultShape, '/d')) assert.not(node.log.startsWith(`${node.data}/`));
});

test('a cluster keeps its trackers and ports; seeders may be added', () => {
  const shape = { basePort: 8000, trackers: 1, seeders: 2 };

  assert.equal(settleShape(undefined, {}), defaultShape);
  assert.equal(settleShape(shape, {}), shape);
  assert.equal(settleShape(shape, { seeders: 4 }), { ...shape, seeders: 4 });
  assert.match(messageOf(() => settleShape(shape, { seeders: 1 })), '--seeders is 2 for this cluster');
  assert.match(messageOf(() => settleShape(shape, { trackers: 3 })), '--trackers is 1 for this cluster');
  assert.match(messageOf(() => settleShape(shape, { basePort: 7000 })), '--base-port is 8000 for this cluster');
  assert.match(messageOf(() => settleShape(undefined, { basePort: 65_500 })), '--base-port leaves no room');
});

test.run();
