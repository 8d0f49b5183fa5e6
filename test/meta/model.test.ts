import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { utf8 } from '../../src/storage/meta/core/key.ts';
import type { Operation } from '../../src/model/operation.ts';
import { NamespaceModel } from '../contract/namespace-model.ts';
import { inlineFile, StateWorld } from './state-world.ts';

const name = fc.constantFrom('a', 'b', 'c');
const path = fc.oneof({ weight: 30, arbitrary: fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join('/')}`) }, { weight: 1, arbitrary: fc.constant('/') });
const target = fc.oneof(path, fc.array(fc.constantFrom('a', 'b', '..', '.', ''), { minLength: 1, maxLength: 4 }).map((names) => names.join('/')).filter((text) => text !== ''));
const parents = fc.constantFrom('must-exist' as const, 'make' as const);
const replace = fc.constantFrom('allowed' as const, 'never' as const);
const mode = fc.constantFrom(0o700, 0o755);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant('make-directory' as const), path, mode, parents }),
  fc.record({ file: path, text: fc.string({ unit: fc.constantFrom('x'), maxLength: 5 }), parents }).map((each) => ({ ...inlineFile(each.file, each.text), parents: each.parents })),
  fc.record({ kind: fc.constant('symlink' as const), path, target }),
  fc.record({ kind: fc.constant('rename' as const), from: path, to: path, replace }),
  fc.record({ kind: fc.constant('copy' as const), from: path, to: path, replace }),
  fc.record({ kind: fc.constant('remove' as const), path, what: fc.constantFrom('file' as const, 'empty-directory' as const, 'tree' as const) }),
  fc.record({ kind: fc.constant('set-attributes' as const), path, change: fc.record({ mode }), follow: fc.constantFrom('final-symlink' as const, 'never' as const) }),
);

async function dump(world: StateWorld): Promise<string[]> {
  const lines: string[] = [];
  const visit = async (directory: string): Promise<void> => {
    const { entries } = await world.machine.queries.list(directory === '' ? '/' : directory, { limit: 100 });
    for (const { name: entry, node } of entries) {
      const here = `${directory}/${entry}`;
      const detail = node.kind === 'file' ? node.bytes : node.kind === 'symlink' ? node.target : `${node.children} ${node.treeBytes} ${node.treeInodes}`;
      lines.push(`${here} ${node.kind} ${node.mode} ${detail}`);
      if (node.kind === 'directory') await visit(here);
      assert.is(await world.machine.queries.pathOf(node.ino), here);
    }
  };
  await visit('');
  return lines.sort();
}

test('any sequence of operations does what the model does, refusals included', async () => {
  await fc.assert(fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 60 }), async (operations) => {
    const world = await StateWorld.ready(1);
    const model = new NamespaceModel();
    for (const [i, each] of operations.entries()) {
      const expected = model.perform(each);
      assert.is(await world.code(each), expected, `step ${i}: ${JSON.stringify(each)}`);
    }
    assert.equal(await dump(world), model.dump());
    const pruned = model.dump().length;
    assert.is((await world.machine.queries.usage('/')).inodes, pruned + 1);
  }), { numRuns: 60, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false });
});

test('names that are not ASCII keep their order and their text', async () => {
  const world = await StateWorld.ready(1);
  const names = ['é', 'z', 'a', '漢', '😀', 'ß', '\u007f', '～'];
  for (const each of names) await world.put(`/${each}`, '');
  const listed = (await world.machine.queries.list('/', { limit: 100 })).entries.map((entry) => entry.name);
  assert.equal(listed, [...names].sort((left, right) => (utf8(left) < utf8(right) ? -1 : 1)));
});

test.run();
