import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkId, ClusterId } from '../base/ids.ts';
import type { ClassCode } from './storage-class.ts';
import {
  addToDigest, digestFromBytes, digestSalt, digestTerm, digestToBytes, formatDigest, parseDigest, subtractFromDigest, zeroDigest,
  type InventoryDigest,
} from './inventory-digest.ts';

const modulus = 1n << 128n;

function toBigInt(digest: InventoryDigest): bigint {
  return BigInt(`0x${formatDigest(digest)}`);
}

const digests = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => digestFromBytes(bytes));
const extreme = fc.constantFrom(zeroDigest, digestFromBytes(new Uint8Array(16).fill(255)), [0, 0, 0, 1] as const, [0, 0xffffffff, 0xffffffff, 0xffffffff] as const);

test('addition and subtraction are those of numbers modulo 2^128', () => {
  fc.assert(fc.property(fc.oneof(digests, extreme), fc.oneof(digests, extreme), (left, right) => {
    assert.is(toBigInt(addToDigest(left, right)), (toBigInt(left) + toBigInt(right)) % modulus);
    assert.is(toBigInt(subtractFromDigest(left, right)), (toBigInt(left) - toBigInt(right) + modulus) % modulus);
  }), { numRuns: 500 });
});

test('a digest survives its text and its bytes', () => {
  fc.assert(fc.property(digests, (digest) => {
    assert.equal(parseDigest(formatDigest(digest)), digest);
    assert.equal(digestFromBytes(digestToBytes(digest)), digest);
  }));
  assert.is(parseDigest('xyz'), undefined);
});

test('a term is the first 16 bytes of SHA-256 over salt, class, chunk id and shard', () => {
  const chunk = 'ab'.repeat(32) as ChunkId;
  const input = Buffer.concat([Buffer.from('cluster-1'), Buffer.from([0x82, 0x02]), Buffer.from(chunk, 'hex'), Buffer.from([5])]);
  const expected = createHash('sha256').update(input).digest('hex').slice(0, 32);
  const sha256 = (parts: readonly Uint8Array[]): Uint8Array => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const term = digestTerm({ salt: digestSalt('cluster-1' as ClusterId), classCode: 0x8202 as ClassCode, chunk, shard: 5 }, sha256);
  assert.is(formatDigest(term), expected);
});

test.run();
