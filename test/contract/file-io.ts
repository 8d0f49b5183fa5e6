// What every implementation of the file port must do while nothing crashes. `file-io.test.ts` runs it on each of them.

import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { concatBytes } from '../../src/base/bytes.ts';
import type { FileHandle, FileIo } from '../../src/storage/file-io.ts';

export interface FileIoUnderTest {
  readonly name: string;
  /** Runs `use` with an empty folder. */
  readonly withFolder: (use: (io: FileIo, folder: string) => Promise<void>) => Promise<void>;
}

export function fileIoContract({ name, withFolder }: FileIoUnderTest): void {
  const contract = suite(`file contract on ${name}`);
  for (const [rule, check] of Object.entries(rules)) contract(rule, () => withFolder(check));
  contract.run();
}

const rules: Readonly<Record<string, (io: FileIo, folder: string) => Promise<void>>> = {
  'create makes a file once, update and read want one that is there': async (io, folder) => {
    const path = `${folder}/file`;
    assert.is(await codeOf(io.open(path, 'update')), 'ENOENT');
    assert.is(await codeOf(io.open(path, 'read')), 'ENOENT');
    await (await io.open(path, 'create')).close();
    assert.is(await codeOf(io.open(path, 'create')), 'EEXIST');
    assert.is(await codeOf(io.open(`${folder}/none/file`, 'create')), 'ENOENT');
  },

  'parts are written one after the other, holes read as zeros': async (io, folder) => {
    await withFile(io, `${folder}/file`, async (file) => {
      await file.write(4, [bytes(1, 2), bytes(), bytes(3)]);
      await file.write(5, [bytes(9)]);
      assert.equal(await file.read(0, 7), bytes(0, 0, 0, 0, 1, 9, 3));
      assert.is(await file.size(), 7);
    });
  },

  'a write takes any number of parts': async (io, folder) => {
    await withFile(io, `${folder}/file`, async (file) => {
      const parts = Array.from({ length: 3000 }, (_, i) => bytes(i & 255, i >> 8));
      await file.write(0, parts);
      assert.equal(await file.read(0, 6000), concatBytes(parts));
    });
  },

  'a read is short only at the end of the file': async (io, folder) => {
    await withFile(io, `${folder}/file`, async (file) => {
      await file.write(0, [bytes(1, 2, 3)]);
      assert.equal(await file.read(1, 9), bytes(2, 3));
      assert.equal(await file.read(3, 1), bytes());
      assert.equal(await file.read(9, 1), bytes());
      assert.equal(await file.read(0, 0), bytes());
    });
  },

  'what was written is there when opened again, and read mode cannot write': async (io, folder) => {
    const path = `${folder}/file`;
    await withFile(io, path, async (file) => {
      await file.write(0, [bytes(1)]);
      await file.sync();
    });
    const file = await io.open(path, 'read');
    assert.equal(await file.read(0, 1), bytes(1));
    assert.is(await codeOf(file.write(0, [bytes(2)])), 'EBADF');
    await file.close();
    assert.equal(await io.readFile(path), bytes(1));
  },

  'preallocate settles the size and keeps the contents': async (io, folder) => {
    await withFile(io, `${folder}/file`, async (file) => {
      await file.write(0, [bytes(1, 2)]);
      await file.preallocate(3_000_000);
      assert.is(await file.size(), 3_000_000);
      assert.equal(await file.read(0, 4), bytes(1, 2, 0, 0));
      await file.preallocate(10);
      assert.is(await file.size(), 3_000_000);
    });
  },

  'truncate cuts and extends': async (io, folder) => {
    await withFile(io, `${folder}/file`, async (file) => {
      await file.write(0, [bytes(1, 2, 3)]);
      await file.truncate(1);
      await file.truncate(3);
      assert.equal(await file.read(0, 9), bytes(1, 0, 0));
    });
  },

  'readFile of no file is undefined': async (io, folder) => {
    assert.is(await io.readFile(`${folder}/none`), undefined);
  },

  'replaceFile makes or replaces the whole file and leaves nothing else': async (io, folder) => {
    await io.replaceFile(`${folder}/file`, bytes(1, 2, 3));
    await io.replaceFile(`${folder}/file`, bytes(4));
    assert.equal(await io.readFile(`${folder}/file`), bytes(4));
    assert.equal(await io.list(folder), ['file']);
    assert.is(await codeOf(io.replaceFile(`${folder}/none/file`, bytes(1))), 'ENOENT');
  },

  'rename replaces its target': async (io, folder) => {
    await io.replaceFile(`${folder}/a`, bytes(1));
    await io.replaceFile(`${folder}/b`, bytes(2));
    await io.rename(`${folder}/a`, `${folder}/b`);
    assert.equal(await io.readFile(`${folder}/b`), bytes(1));
    assert.equal(await io.list(folder), ['b']);
    assert.is(await codeOf(io.rename(`${folder}/a`, `${folder}/c`)), 'ENOENT');
  },

  'rename moves a folder with what is inside': async (io, folder) => {
    await io.makeFolder(`${folder}/old/deep`);
    await io.replaceFile(`${folder}/old/deep/file`, bytes(1));
    await io.rename(`${folder}/old`, `${folder}/new`);
    assert.equal(await io.readFile(`${folder}/new/deep/file`), bytes(1));
    assert.equal(await io.list(folder), ['new']);
  },

  'removing what is absent is no error': async (io, folder) => {
    await io.removeFile(`${folder}/none`);
    await io.removeFolder(`${folder}/none`);
    await io.replaceFile(`${folder}/file`, bytes(1));
    await io.removeFile(`${folder}/file`);
    assert.equal(await io.list(folder), []);
  },

  'an open file outlives its name': async (io, folder) => {
    await withFile(io, `${folder}/file`, async (file) => {
      await file.write(0, [bytes(1)]);
      await io.removeFile(`${folder}/file`);
      assert.equal(await file.read(0, 1), bytes(1));
    });
  },

  'folders are made with their parents and removed with their contents': async (io, folder) => {
    await io.makeFolder(`${folder}/a/b`);
    await io.makeFolder(`${folder}/a/b`);
    await io.replaceFile(`${folder}/a/b/file`, bytes(1));
    await io.removeFolder(`${folder}/a`);
    assert.equal(await io.list(folder), []);
    assert.is(await io.readFile(`${folder}/a/b/file`), undefined);
  },

  'list gives sorted names, none when there is no folder': async (io, folder) => {
    for (const name of ['b', 'a', 'c']) await io.replaceFile(`${folder}/${name}`, bytes(1));
    await io.makeFolder(`${folder}/aa/inside`);
    assert.equal(await io.list(folder), ['a', 'aa', 'b', 'c']);
    assert.equal(await io.list(`${folder}/none`), []);
  },

  'syncFolder wants a folder': async (io, folder) => {
    await io.syncFolder(folder);
    assert.is(await codeOf(io.syncFolder(`${folder}/none`)), 'ENOENT');
  },

  'space tells what is left of the disk': async (io, folder) => {
    const { totalBytes, freeBytes } = await io.space(folder);
    assert.ok(freeBytes > 0 && freeBytes <= totalBytes);
  },
};

async function withFile(io: FileIo, path: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await io.open(path, 'create');
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function codeOf(action: Promise<unknown>): Promise<unknown> {
  try {
    await action;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code;
  }
  return undefined;
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}
