// A local tree from the top down, parents before children. Links are told, not followed; a name that is not UTF-8 and a
// directory that cannot be read are told and passed over. Holds the names of the directories it is in, nothing else.

import { OffshoreError } from '../base/errors.ts';
import { listLocal, statLocal, type LocalNode } from './local-files.ts';

export interface WalkedLocal {
  readonly path: string;
  /** Path below the top; '' for the top itself. */
  readonly below: string;
  readonly node: LocalNode;
}

export async function* walkLocal(top: string, options: { readonly signal: AbortSignal; readonly onError: (path: string, error: unknown) => Promise<void> }): AsyncGenerator<WalkedLocal> {
  const stack: { readonly path: string; readonly below: string }[] = [{ path: top, below: '' }];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    options.signal.throwIfAborted();
    const { path, below } = next;
    try {
      // A link on the command line leads to its tree; below, links stay links.
      const node = await statLocal(path, below === '' ? 'final-symlink' : 'never');
      yield { path, below, node };
      if (node.kind !== 'directory') continue;
      const entries = await listLocal(path);
      for (const entry of entries.reverse()) {
        if (entry.kind === 'bad-name') await options.onError(`${path}/${entry.shown}`, new OffshoreError('invalid-name', { path }, { message: 'Name is not UTF-8' }));
        else stack.push({ path: `${path}/${entry.name}`, below: below === '' ? entry.name : `${below}/${entry.name}` });
      }
    } catch (error) {
      if (options.signal.aborted) throw error;
      await options.onError(path, error);
    }
  }
}
