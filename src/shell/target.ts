// Where mv, cp, ln, put and get put things: into an existing directory under the source's name, or at the target itself.
// The rules of GNU cp, once, so that all of them answer alike.

import { OffshoreError, isOffshoreError } from '../base/errors.ts';
import type { RemoteFiles } from '../client/remote-files.ts';
import { joinRemote, meansDirectory } from './core/remote-path.ts';

export type RemoteTarget =
  | { readonly kind: 'into'; readonly directory: string }
  | { readonly kind: 'at'; readonly path: string };

/** Throws `not-a-directory` when several sources, or a trailing slash, need a directory and there is none. */
export async function remoteTarget(
  files: RemoteFiles, target: { readonly typed: string; readonly path: string; readonly mode: 'auto' | 'never-into' | 'must-be-directory' }, signal: AbortSignal,
): Promise<RemoteTarget> {
  if (target.mode === 'never-into') return { kind: 'at', path: target.path };
  const kind = await kindOf(files, target.path, signal);
  if (kind === 'directory') return { kind: 'into', directory: target.path };
  if (target.mode === 'must-be-directory' || (meansDirectory(target.typed) && kind !== 'missing')) {
    throw new OffshoreError(kind === 'missing' ? 'not-found' : 'not-a-directory', { path: target.path });
  }
  return { kind: 'at', path: target.path };
}

export function placeIn(target: RemoteTarget, sourceName: string): string {
  return target.kind === 'into' ? joinRemote(target.directory, sourceName) : target.path;
}


async function kindOf(files: RemoteFiles, path: string, signal: AbortSignal): Promise<'directory' | 'other' | 'missing'> {
  try {
    return (await files.stat(path, 'final-symlink', signal)).kind === 'directory' ? 'directory' : 'other';
  } catch (error) {
    if (isOffshoreError(error, 'not-found')) return 'missing';
    throw error;
  }
}
