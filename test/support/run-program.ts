// Runs the built program as a user would: another folder, its own process, output collected. scripts/test.mjs builds it first.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Ran {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Tests run with the project's root as current folder (scripts/test.mjs). */
export const distFolder = resolve('dist');

/** A copy of the build in a folder with a space in its name, and an empty folder to run it from. */
export class InstalledProgram implements Disposable {
  readonly folder: string;
  readonly cwd: string;
  readonly #root: string;

  constructor() {
    this.#root = mkdtempSync(join(tmpdir(), 'offshore program-'));
    this.folder = join(this.#root, 'installed here');
    this.cwd = mkdtempSync(join(this.#root, 'cwd-'));
    cpSync(distFolder, this.folder, { recursive: true });
  }

  run(args: readonly string[], options: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string } = {}): Promise<Ran> {
    return new Promise((done, reject) => {
      const child = spawn(process.execPath, [join(this.folder, 'offshore'), ...args], { cwd: this.cwd, env: { ...cleanEnv(), ...options.env } });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (part: Buffer) => (stdout += part.toString()));
      child.stderr.on('data', (part: Buffer) => (stderr += part.toString()));
      child.on('error', reject);
      child.on('close', (code) => done({ code: code ?? undefined, stdout, stderr }));
      child.stdin.on('error', () => {});
      child.stdin.end(options.stdin ?? '');
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

function cleanEnv(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined && !pair[0].startsWith('OFFSHORE_')));
}

/** A base port with nothing on the ports of a small cluster above it. */
export async function freeBasePort(): Promise<number> {
  for (;;) {
    const base = await someFreePort();
    const wanted = [1, 2, 3, 101, 102, 103].map((offset) => base + offset);
    if (base < 60_000 && (await Promise.all(wanted.map(isFree))).every(Boolean)) return base;
  }
}

function someFreePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
