// A remote tree from the top down, one directory's page at a time. Links are told, not followed.

import type { RemoteFiles } from '../client/remote-files.ts';
import type { NodeInfo } from '../model/node-info.ts';
import { joinRemote } from './core/remote-path.ts';

export interface WalkedNode {
  readonly path: string;
  /** Path below the top; '' for the top itself. */
  readonly below: string;
  readonly depth: number;
  readonly node: NodeInfo;
}

export interface WalkOptions {
  readonly signal: AbortSignal;
  readonly maxDepth?: number;
  /** A directory that cannot be listed (gone meanwhile): told here, and the walk goes on. */
  readonly onError: (path: string, error: unknown) => Promise<void>;
}

/** Parents before children. The stack holds directories still to be listed. */
export async function* walkRemote(files: RemoteFiles, top: string, options: WalkOptions): AsyncGenerator<WalkedNode> {
  const node = await files.stat(top, 'never', options.signal);
  const first: WalkedNode = { path: top, below: '', depth: 0, node };
  yield first;
  const stack: WalkedNode[] = node.kind === 'directory' ? [first] : [];
  for (let directory = stack.pop(); directory !== undefined; directory = stack.pop()) {
    if (directory.depth >= (options.maxDepth ?? Number.POSITIVE_INFINITY)) continue;
    const found: WalkedNode[] = [];
    try {
      for await (const entry of files.list(directory.path, options.signal)) {
        const child: WalkedNode = {
          path: joinRemote(directory.path, entry.name), below: directory.below === '' ? entry.name : `${directory.below}/${entry.name}`,
          depth: directory.depth + 1, node: entry.node,
        };
        yield child;
        if (entry.node.kind === 'directory') found.push(child);
      }
    } catch (error) {
      if (options.signal.aborted) throw error;
      await options.onError(directory.path, error);
    }
    // Reversed, so that the first directory is walked first.
    stack.push(...found.reverse());
  }
}
