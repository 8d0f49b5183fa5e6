// A shell over a cluster in memory as a program of its own, for tests that need a real terminal. Not a test.

import { nodeClock } from '../../src/platform/node-clock.ts';
import { runShell } from '../../src/shell/run-shell.ts';
import { MemoryRemoteFiles } from '../support/memory-remote-files.ts';
import { shellDeps } from './shell-run.ts';

const deps = { ...shellDeps({ remote: new MemoryRemoteFiles() }), clock: nodeClock };
const status = await runShell(['shell'], { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env, cwd: process.cwd() }, deps);
process.stdout.write(`status ${status}\n`, () => process.exit(status));
