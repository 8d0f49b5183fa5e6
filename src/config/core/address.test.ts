import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBaseUrl, parseHostPort } from './address.ts';

test('an address to listen on has a host and a port; no host means every address', () => {
  assert.equal(parseHostPort('127.0.0.1:7001'), { host: '127.0.0.1', port: 7001 });
  assert.equal(parseHostPort('[::1]:0'), { host: '::1', port: 0 });
  assert.equal(parseHostPort(':80'), { host: '0.0.0.0', port: 80 });
  for (const text of ['', '7001', 'host', 'host:', 'host:65536', 'http://host:1', 'ho st:1', '::1:1']) assert.is(parseHostPort(text), undefined, text);
});

test('a base URL has one spelling', () => {
  assert.is(parseBaseUrl('HTTP://Host.Example:7001/'), 'http://host.example:7001');
  assert.is(parseBaseUrl('http://host'), 'http://host:80');
  assert.is(parseBaseUrl('http://[::1]:1'), 'http://[::1]:1');
  for (const text of ['', 'host:1', 'https://host:1', 'http://host:1/path', 'http://a@host:1', 'http://host:0', 'http://host:70000']) assert.is(parseBaseUrl(text), undefined, text);
});

test.run();
