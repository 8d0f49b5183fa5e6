import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { DecodeError } from '../../../base/codec.ts';
import { encodeUtf8 } from '../../../base/utf8.ts';
import { snappyDecompress } from './snappy.ts';

const text = (value: string): readonly number[] => [...encodeUtf8(value)];

function decompress(...bytes: readonly number[]): Uint8Array {
  return snappyDecompress(Uint8Array.from(bytes), 1000);
}

test('literals and the three kinds of copies', () => {
  assert.equal(decompress(5, 4 << 2, ...text('hello')), encodeUtf8('hello'));
  assert.equal(decompress(62, 60 << 2, 61, ...text('x'.repeat(62))), encodeUtf8('x'.repeat(62)));
  // Copies of 4 (one-byte offset), 5 (two bytes) and 3 (four bytes), all from 2 back: runs that reach into themselves.
  assert.equal(decompress(6, 1 << 2, ...text('ab'), 1, 2), encodeUtf8('ababab'));
  assert.equal(decompress(7, 1 << 2, ...text('ab'), (4 << 2) | 2, 2, 0), encodeUtf8('abababa'));
  assert.equal(decompress(5, 1 << 2, ...text('ab'), (2 << 2) | 3, 2, 0, 0, 0), encodeUtf8('ababa'));
});

test('input that is not Snappy is a DecodeError', () => {
  for (const bytes of [[], [5, 4 << 2, 1], [1, 1 << 2, 1, 2], [9, 0, 1], [4, 1, 1], [4, 1, 0], [2, 0, 1, 1, 1], [0xff, 0xff, 0xff, 0x7f]]) {
    assert.throws(() => decompress(...bytes), (error: unknown) => error instanceof DecodeError);
  }
});

test.run();
