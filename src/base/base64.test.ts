import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fromBase64, toBase64 } from './base64.ts';

test('base64 is that of the platform, both ways', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    const text = Buffer.from(bytes).toString('base64');
    assert.is(toBase64(bytes), text);
    assert.equal(fromBase64(text), bytes);
  }));
});

test('a text that is not canonical base64 has no bytes', () => {
  for (const text of ['A', 'AA', 'AAA', '=AAA', 'A===', 'AA=A', 'AB==', 'AAB=', 'AA\u00e9A', 'A-_A', ' AAA']) {
    assert.is(fromBase64(text), undefined, text);
  }
});

test.run();
