// Hashes from threads equal those computed here, whatever memory the bytes are in, and the caller keeps its bytes.

import { createHash, randomBytes } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { hashInline, hashPool } from './hash-pool.ts';

test('small, large and shared bytes hash alike on every path', async () => {
  const pool = hashPool({ threads: 2 });
  const shared = new Uint8Array(new SharedArrayBuffer(limits.chunkBytesMax), 64, 1_000_001);
  shared.set(randomBytes(shared.length));
  const inputs = [new Uint8Array(0), randomBytes(1), randomBytes(limits.hashInlineBytesMax), randomBytes(limits.hashInlineBytesMax + 1), randomBytes(limits.chunkBytesMax), shared];

  const hashed = await Promise.all(inputs.map((bytes) => pool.hash(bytes)));

  for (const [i, bytes] of inputs.entries()) {
    assert.is(hashed[i]?.chunk, createHash('sha256').update(bytes).digest('hex'));
    assert.equal(hashed[i], hashInline(bytes));
  }
  await pool.close();
});

test('more hashes than threads wait their turn', async () => {
  const pool = hashPool({ threads: 1 });
  const inputs = Array.from({ length: 10 }, (_, i) => new Uint8Array(200_000).fill(i));

  const hashed = await Promise.all(inputs.map((bytes) => pool.hash(bytes)));

  assert.equal(hashed.map((each) => each.chunk), inputs.map((bytes) => hashInline(bytes).chunk));
  await pool.close();
});

test('closing fails what is under way and what comes later', async () => {
  const pool = hashPool({ threads: 1 });
  const bytes = new Uint8Array(4_000_000);
  const results = Promise.allSettled([pool.hash(bytes), pool.hash(bytes)]);
  await pool.close();
  const later = await Promise.allSettled([pool.hash(bytes)]);

  for (const result of [...(await results), ...later]) assert.ok(result.status === 'rejected' && isOffshoreError(result.reason, 'aborted'));
});

test.run();
