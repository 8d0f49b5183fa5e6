// What a leader looks at before it writes a command into the log: that it has a form the codec can write, and what it costs the entry.
// Whether it makes sense is decided in apply; nothing here may be needed for that.

import { unreachable } from '../../../base/assert.ts';
import { isHex } from '../../../base/bytes.ts';
import { limits } from '../../../base/limits.ts';
import type { ManifestEntry } from '../../../model/manifest.ts';
import type { AttributeChange, Expect, FileContent, Operation } from '../../../model/operation.ts';
import type { BatchCommand, Command } from './command.ts';
import { refusal } from './context.ts';
import { isWellFormed } from './path.ts';

/** Shares of an entry: `limits.entryCommandsMax` and `limits.entryChunkRefsMax` bound the sums, `entryBytesMax` the encoded length. */
export interface CommandCost {
  readonly operations: number;
  readonly chunkRefs: number;
}

export function costOf(command: Command): CommandCost {
  if (command.kind !== 'batch') return { operations: 1, chunkRefs: command.kind === 'condemn' ? command.chunks.length : 0 };
  return { operations: command.operations.length, chunkRefs: command.operations.reduce((sum, operation) => sum + chunkRefsOf(operation), 0) };
}

/** A page that was staged before counts as one: it costs one row. */
function chunkRefsOf(operation: Operation): number {
  if (operation.kind === 'stage') return operation.entries.length;
  if (operation.kind !== 'publish' || operation.content.kind === 'inline') return 0;
  return operation.content.pages.reduce((sum, page) => sum + (page.kind === 'carried' ? page.entries.length : 1), 0);
}

/** Throws `bad-request` for a batch that has no bytes, `body-too-large` for one that no entry can hold. */
export function checkBatch(batch: BatchCommand): void {
  const { session } = batch;
  must(isHex(batch.operation, 32), 'operation id');
  must(isWellFormed(batch.user), 'user');
  if (session !== undefined) {
    must(isCount(session.id) && isCount(session.firstSequence + batch.operations.length) && isCount(session.firstUnacked), 'session');
    must(isCount(session.firstSequence) && session.firstUnacked >= 1 && session.firstUnacked <= session.firstSequence, 'sequence numbers');
  }
  const cost = costOf(batch);
  if (cost.operations > limits.entryCommandsMax || cost.chunkRefs > limits.entryChunkRefsMax) {
    throw refusal('body-too-large', { operations: cost.operations, chunkRefs: cost.chunkRefs });
  }
  for (const operation of batch.operations) checkOperation(operation);
}

function checkOperation(operation: Operation): void {
  switch (operation.kind) {
    case 'make-directory': return must(isWellFormed(operation.path) && isCount(operation.mode), 'directory');
    case 'publish':
      must(isWellFormed(operation.path) && isExpect(operation.expect) && isChange(operation.attributes), 'file');
      return checkContent(operation.content);
    case 'open-upload':
    case 'close-upload': return must(isHex(operation.upload, 32), 'upload');
    case 'stage':
      must(isHex(operation.upload, 32) && isWellFormed(operation.storageClass) && isCount(operation.stamp), 'staged page');
      return checkEntries(operation.entries);
    case 'rename': return must(isWellFormed(operation.from) && isWellFormed(operation.to) && isExpect(operation.expect), 'rename');
    case 'copy': return must(isWellFormed(operation.from) && isWellFormed(operation.to), 'copy');
    case 'symlink': return must(isWellFormed(operation.path) && isWellFormed(operation.target), 'symlink');
    case 'remove': return must(isWellFormed(operation.path) && isExpect(operation.expect), 'remove');
    case 'set-attributes': return must(isWellFormed(operation.path) && isExpect(operation.expect) && isChange(operation.change), 'attributes');
    case 'set-policy': return must(isWellFormed(operation.path) && isWellFormed(operation.storageClass ?? ''), 'policy');
    default: return unreachable(operation);
  }
}

function checkContent(content: FileContent): void {
  if (content.kind === 'inline') return;
  must(isCount(content.bytes) && isCount(content.chunkBytes) && isCount(content.stamp) && isWellFormed(content.storageClass), 'content');
  must(isHex(content.contentId, 64) && (content.upload === undefined || isHex(content.upload, 32)), 'content id');
  for (const page of content.pages) {
    if (page.kind === 'carried') checkEntries(page.entries);
    else must(isHex(page.page, 64), 'page id');
  }
}

function checkEntries(entries: readonly ManifestEntry[]): void {
  must(entries.length <= limits.pageEntriesMax, 'entries of a page');
  for (const entry of entries) must(isCount(entry.bytes) && (entry.kind === 'hole' || isHex(entry.chunk, 64)), 'manifest entry');
}

function isExpect(expect: Expect | undefined): boolean {
  return expect === undefined || expect.kind === 'absent' || isCount(expect.version);
}

function isChange(change: AttributeChange): boolean {
  return [change.mode, change.uid, change.gid, change.mtimeMs].every((value) => value === undefined || Number.isSafeInteger(value));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function must(condition: boolean, what: string): void {
  if (!condition) throw refusal('bad-request', { reason: what });
}
