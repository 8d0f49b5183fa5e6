// Opening what a reader named: a path first, else the first hex digits of a content id, as the original shell did.

import { OffshoreError, isOffshoreError } from '../base/errors.ts';
import type { RemoteFile, RemoteFiles } from '../client/remote-files.ts';
import { resolveRemote } from './core/remote-path.ts';

/** At least five digits and nothing else: less would be guessing. */
const contentPrefix = /^[0-9a-f]{5,64}$/;

/** Path that the operand means. Throws `ambiguous` with the candidates when the digits name different contents. */
export async function findNamed(files: RemoteFiles, given: { readonly typed: string; readonly cwd: string }, signal: AbortSignal): Promise<string> {
  const path = resolveRemote(given.cwd, given.typed);
  if (!contentPrefix.test(given.typed)) return path;
  try {
    await files.stat(path, 'final-symlink', signal);
    return path;
  } catch (error) {
    if (!isOffshoreError(error, 'not-found')) throw error;
  }
  const matches = await files.findContent(given.typed, signal);
  const [first] = matches;
  if (first === undefined) throw new OffshoreError('not-found', { path });
  if (new Set(matches.map((match) => match.contentId)).size === 1) return first.path;
  const candidates = matches.slice(0, 10).map((match) => `${match.contentId.slice(0, 12)} ${match.path}`);
  throw new OffshoreError('ambiguous', { path }, { message: `Ambiguous content id: ${candidates.join(', ')}${matches.length > 10 ? ', …' : ''}` });
}

export async function openNamed(files: RemoteFiles, given: { readonly typed: string; readonly cwd: string }, signal: AbortSignal): Promise<RemoteFile> {
  return files.open(await findNamed(files, given, signal), signal);
}
