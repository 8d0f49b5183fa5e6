import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareBytes } from '../../../base/bytes.ts';
import { DecodeError } from '../../../base/codec.ts';
import { key, KeyReader } from './key-codec.ts';

const name = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });

test('a key is read back part by part', () => {
  fc.assert(
    fc.property(name, number, fc.uint8Array(), fc.nat({ max: 0xffff }), fc.uint8Array(), (text, large, bytes, small, rest) => {
      const built = key(7).text(text).u64(large).bytes(bytes).u16(small).u32(small).raw(rest).finish();
      const reader = new KeyReader(built);
      assert.is(reader.u8(), 7);
      assert.is(reader.text(), text);
      assert.is(reader.u64(), large);
      assert.equal(reader.bytes(), bytes);
      assert.is(reader.u16(), small);
      assert.is(reader.u32(), small);
      assert.equal(reader.rest(), Uint8Array.from(rest));
      reader.end();
    }),
  );
});

test('keys sort by their first differing part', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), number, number, (left, right, leftNumber, rightNumber) => {
      const built = (bytes: Uint8Array, value: number): Uint8Array => key(1).bytes(bytes).u64(value).finish();
      const expected = compareBytes(left, right) || leftNumber - rightNumber;
      assert.is(Math.sign(compareBytes(built(left, leftNumber), built(right, rightNumber))), Math.sign(expected));
    }),
  );
});

test('a name sorts before every name that it begins', () => {
  const built = (text: string): Uint8Array => key(1).text(text).u64(9).finish();
  assert.ok(compareBytes(built('a'), built('a!')) < 0);
  assert.ok(compareBytes(built(''), built('\u0001')) < 0);
});

test('a cut or altered key is a DecodeError', () => {
  const built = key(1).bytes(Uint8Array.of(0, 1)).finish();
  const cut = new KeyReader(built.subarray(1, built.length - 1));
  assert.throws(() => cut.bytes(), (error: unknown) => error instanceof DecodeError);
  const altered = new KeyReader(Uint8Array.of(0, 2));
  assert.throws(() => altered.bytes(), (error: unknown) => error instanceof DecodeError);
});

test.run();
