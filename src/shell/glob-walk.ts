// Patterns matched against a tree, remote or local, through one small view of it. Directories are listed only where a
// pattern stands, links are not followed by `**`, and the number of names found is bounded.

import { OffshoreError, isOffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { matchesSegment, parseGlob, type Glob, type GlobSegment } from './core/glob.ts';

/** A tree as patterns see it. Paths are as the user would have typed them, relative ones included; '' is the current directory. */
export interface GlobTree {
  list(directory: string): AsyncIterable<{ readonly name: string; readonly isDirectory: boolean }>;
  /** What is at the path, links followed. */
  kind(path: string): Promise<'directory' | 'other' | 'missing'>;
}

/** Names that match, in order of their code units; none is an empty list. */
export async function expandGlob(pattern: string, tree: GlobTree, signal: AbortSignal): Promise<string[]> {
  const glob = parseGlob(pattern);
  const found = new Set<string>();
  for await (const path of walk(glob, tree, signal)) {
    found.add(path);
    if (found.size > limits.globMatchesMax) throw new OffshoreError('bad-request', {}, { message: 'Argument list too long' });
  }
  return [...found].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
}

interface Position {
  readonly path: string;
  readonly next: number;
}

/** Depth first with a stack of our own: a deep tree must not exhaust the call stack. */
async function* walk(glob: Glob, tree: GlobTree, signal: AbortSignal): AsyncGenerator<string> {
  const stack: Position[] = [{ path: glob.root, next: 0 }];
  while (stack.length > 0) {
    signal.throwIfAborted();
    const position = stack.pop() as Position;
    const segment = glob.segments[position.next];
    if (segment === undefined) {
      if (position.path !== '' && (glob.only === 'anything' || (await tree.kind(position.path)) === 'directory')) yield glob.only === 'directories' ? `${position.path}/` : position.path;
      continue;
    }
    const isLast = position.next === glob.segments.length - 1;
    for await (const following of step(segment, position, { tree, isLast, glob })) stack.push(following);
  }
}

async function* step(
  segment: GlobSegment, position: Position, context: { readonly tree: GlobTree; readonly isLast: boolean; readonly glob: Glob },
): AsyncGenerator<Position> {
  const { tree, isLast } = context;
  const next = position.next + 1;
  if (segment.kind === 'literal') {
    const path = join(position.path, segment.name);
    const isNeeded = position.next > 0;
    // What comes before the first pattern is not looked at: listing it will tell.
    if (!isNeeded && !isLast) yield { path, next };
    else if ((await tree.kind(path)) !== 'missing') yield { path, next };
    return;
  }
  if (segment.kind === 'deep' && !isLast) yield { path: position.path, next };
  for await (const entry of listOrNothing(tree, position.path)) {
    if (segment.kind === 'pattern') {
      if (matchesSegment(segment, entry.name) && (isLast || entry.isDirectory || (await tree.kind(join(position.path, entry.name))) === 'directory')) {
        yield { path: join(position.path, entry.name), next };
      }
    } else if (!entry.name.startsWith('.')) {
      const path = join(position.path, entry.name);
      if (isLast) yield { path, next };
      if (entry.isDirectory) yield { path, next: position.next };
    }
  }
}

/** A name that is no directory, or is gone, matches nothing. Everything else that goes wrong is told. */
async function* listOrNothing(tree: GlobTree, path: string): AsyncGenerator<{ readonly name: string; readonly isDirectory: boolean }> {
  try {
    yield* tree.list(path);
  } catch (error) {
    if (!isOffshoreError(error, 'not-found') && !isOffshoreError(error, 'not-a-directory') && !isOffshoreError(error, 'permission-denied') && !isOffshoreError(error, 'invalid-name')) throw error;
  }
}

function join(directory: string, name: string): string {
  return directory === '' || directory.endsWith('/') ? `${directory}${name}` : `${directory}/${name}`;
}
