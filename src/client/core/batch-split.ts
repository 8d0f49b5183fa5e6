// Cuts a list of operations into batches that fit the bounds of one log entry. The cut keeps the order.
// Sizes are upper estimates: a batch may be smaller than it could be, never larger than a tracker takes.

import { unreachable } from '../../base/assert.ts';
import { limits } from '../../base/limits.ts';
import type { Operation } from '../../model/operation.ts';

export interface BatchBounds {
  readonly operations: number;
  readonly bytes: number;
  readonly chunkRefs: number;
}

/** What a batch of the client may hold; a little below the entry's own bounds, for its header and estimates. */
export const batchBounds: BatchBounds = {
  operations: limits.entryCommandsMax,
  bytes: Math.floor(limits.entryBytesMax * 0.9),
  chunkRefs: limits.entryChunkRefsMax,
};

/** Every operation lands in one batch; one that exceeds a bound alone gets a batch of its own and the tracker's refusal. */
export function splitOperations(operations: readonly Operation[], bounds: BatchBounds = batchBounds): readonly (readonly Operation[])[] {
  const batches: Operation[][] = [];
  let batch: Operation[] = [];
  let bytes = 0;
  let chunkRefs = 0;
  for (const operation of operations) {
    const size = sizeOf(operation);
    const full = batch.length >= bounds.operations || bytes + size.bytes > bounds.bytes || chunkRefs + size.chunkRefs > bounds.chunkRefs;
    if (full && batch.length > 0) {
      batches.push(batch);
      batch = [];
      bytes = 0;
      chunkRefs = 0;
    }
    batch.push(operation);
    bytes += size.bytes;
    chunkRefs += size.chunkRefs;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Fixed fields, ids and lengths of any operation. */
const headBytes = 128;
const manifestEntryBytes = 42;
const pageNameBytes = 34;
const bytesPerUnit = 3;

interface OperationSize {
  readonly bytes: number;
  readonly chunkRefs: number;
}

function sizeOf(operation: Operation): OperationSize {
  switch (operation.kind) {
    case 'publish': return sizeOfPublish(operation);
    case 'stage': return { bytes: headBytes + operation.entries.length * manifestEntryBytes, chunkRefs: operation.entries.length };
    case 'rename':
    case 'copy': return plain(operation.from.length + operation.to.length);
    case 'symlink': return plain(operation.path.length + operation.target.length);
    case 'make-directory':
    case 'remove':
    case 'set-attributes':
    case 'set-policy': return plain(operation.path.length);
    case 'open-upload':
    case 'close-upload': return plain(0);
    default: return unreachable(operation);
  }
}

function plain(units: number): OperationSize {
  return { bytes: headBytes + units * bytesPerUnit, chunkRefs: 0 };
}

function sizeOfPublish(operation: Extract<Operation, { kind: 'publish' }>): OperationSize {
  const { content } = operation;
  const base = headBytes + operation.path.length * bytesPerUnit;
  if (content.kind === 'inline') return { bytes: base + content.bytes.length, chunkRefs: 0 };
  let entries = 0;
  let names = 0;
  for (const page of content.pages) {
    if (page.kind === 'carried') entries += page.entries.length;
    else names += 1;
  }
  return { bytes: base + entries * manifestEntryBytes + names * pageNameBytes, chunkRefs: entries + names };
}
