// The two trees that patterns and TAB look at: the remote one through the client, the local one through local-files.

import { isOffshoreError } from '../base/errors.ts';
import type { RemoteFiles } from '../client/remote-files.ts';
import { resolveRemote } from './core/remote-path.ts';
import type { GlobTree } from './glob-walk.ts';
import { findLocal, listLocal, resolveLocal } from './local-files.ts';

export function remoteTree(files: RemoteFiles, cwd: string, signal: AbortSignal): GlobTree {
  return {
    async *list(directory) {
      for await (const entry of files.list(resolveRemote(cwd, directory), signal)) yield { name: entry.name, isDirectory: entry.node.kind === 'directory' };
    },
    async kind(path) {
      try {
        const node = await files.stat(resolveRemote(cwd, path), 'final-symlink', signal);
        return node.kind === 'directory' ? 'directory' : 'other';
      } catch (error) {
        if (isMissing(error)) return existsAsLink(files, resolveRemote(cwd, path), signal);
        if (isOffshoreError(error, 'invalid-name') || isOffshoreError(error, 'path-too-long')) return 'missing';
        throw error;
      }
    },
  };
}

/** A link that leads nowhere is a name all the same: `rm dangling*` must find it. */
async function existsAsLink(files: RemoteFiles, path: string, signal: AbortSignal): Promise<'other' | 'missing'> {
  try {
    await files.stat(path, 'never', signal);
    return 'other';
  } catch (error) {
    if (isMissing(error)) return 'missing';
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return isOffshoreError(error, 'not-found') || isOffshoreError(error, 'not-a-directory') || isOffshoreError(error, 'too-many-links');
}

export function localTree(cwd: string, home: string | undefined): GlobTree {
  return {
    async *list(directory) {
      for (const entry of await listLocal(resolveLocal(cwd, directory, home))) {
        if (entry.kind !== 'bad-name') yield { name: entry.name, isDirectory: entry.kind === 'directory' };
      }
    },
    async kind(path) {
      const resolved = resolveLocal(cwd, path, home);
      const node = (await findLocal(resolved, 'final-symlink')) ?? (await findLocal(resolved, 'never'));
      return node === undefined ? 'missing' : node.kind === 'directory' ? 'directory' : 'other';
    },
  };
}
