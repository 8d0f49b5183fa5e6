import { test } from 'uvu';
import { fuzz } from './fuzz-lines.ts';

test('2,500 lines of random characters: each ends with a status, and nothing raw reaches the terminal', () => fuzz({ lines: 2500, kind: 'random-text', seed: 1 }));

test.run();
