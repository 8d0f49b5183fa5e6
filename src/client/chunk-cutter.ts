// Cuts a source into chunks, in order, one buffer each. It takes the bytes of a chunk from the upload's budget before it reads
// them; whoever gets the piece gives them back. A piece shorter than `chunkBytes` is the last one.

import type { Release } from '../async/semaphore.ts';
import { OffshoreError } from '../base/errors.ts';
import type { BudgetShare } from './budget-share.ts';
import type { UploadSource } from './remote-files.ts';

export interface Piece {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly release: Release;
}

export interface CutOptions {
  readonly path: string;
  readonly chunkBytes: number;
}

type FileSource = Extract<UploadSource, { kind: 'file' }>;

export function cut(source: UploadSource, options: CutOptions, budget: BudgetShare, signal: AbortSignal): AsyncGenerator<Piece> {
  return source.kind === 'file' ? cutFile(source, options, budget, signal) : cutStream(source.stream, options, budget, signal);
}

/** Exactly these bytes of a file; a file that became shorter meanwhile is `changed`. */
export async function readPiece(source: FileSource, at: { readonly path: string; readonly offset: number; readonly bytes: number }): Promise<Uint8Array> {
  const bytes = at.bytes === 0 ? new Uint8Array(0) : await source.read(at.offset, at.bytes);
  if (bytes.length !== at.bytes) throw new OffshoreError('changed', { path: at.path, offset: at.offset });
  return bytes;
}

async function* cutFile(source: FileSource, options: CutOptions, budget: BudgetShare, signal: AbortSignal): AsyncGenerator<Piece> {
  for (let number = 0; number * options.chunkBytes < source.bytes; number += 1) {
    const offset = number * options.chunkBytes;
    const bytes = Math.min(options.chunkBytes, source.bytes - offset);
    const release = await budget.acquire(bytes, signal);
    yield { number, bytes: await readPiece(source, { path: options.path, offset, bytes }), release };
  }
}

async function* cutStream(stream: AsyncIterable<Uint8Array>, options: CutOptions, budget: BudgetShare, signal: AbortSignal): AsyncGenerator<Piece> {
  let open: { readonly bytes: Uint8Array; readonly release: Release } | undefined;
  let filled = 0;
  let number = 0;
  for await (const part of stream) {
    for (let at = 0; at < part.length;) {
      open ??= { release: await budget.acquire(options.chunkBytes, signal), bytes: new Uint8Array(options.chunkBytes) };
      const taken = Math.min(part.length - at, options.chunkBytes - filled);
      open.bytes.set(part.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < options.chunkBytes) continue;
      yield { number, ...open };
      open = undefined;
      filled = 0;
      number += 1;
    }
  }
  if (open !== undefined) yield { number, bytes: open.bytes.subarray(0, filled), release: open.release };
}
