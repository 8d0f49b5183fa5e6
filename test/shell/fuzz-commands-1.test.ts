import { test } from 'uvu';
import { fuzz } from './fuzz-lines.ts';

test('2,500 lines made from commands: each ends with a status, and nothing raw reaches the terminal', () => fuzz({ lines: 2500, kind: 'commands', seed: 2 }));

test.run();
