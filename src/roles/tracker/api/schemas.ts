// Shapes of what clients send to trackers, checked at the border: types and bounds here, meaning (names, paths, preconditions) in the state machine.

import * as v from 'valibot';
import { limits } from '../../../base/limits.ts';
import { isHex } from '../../../base/bytes.ts';
import { isWellFormed } from '../../../storage/meta/core/path.ts';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hex = (digits: number) => v.pipe(v.string(), v.check((text) => isHex(text, digits), `is ${digits} lower-case hex digits`));
/** Text that people choose. Half a surrogate pair has no UTF-8 form, so the log could not hold it. */
const text = v.pipe(v.string(), v.check(isWellFormed, 'is not well-formed Unicode'));
// Longer than any valid path, so that the state machine can answer with its own code.
const path = v.pipe(text, v.maxLength(4 * limits.pathBytesMax));
const parents = v.picklist(['must-exist', 'make']);
const replace = v.picklist(['allowed', 'never']);
const mode = v.pipe(whole, v.maxValue(0o7777));
const id = v.pipe(whole, v.maxValue(0xffff_ffff));

const expect = v.variant('kind', [
  v.object({ kind: v.literal('absent') }),
  v.object({ kind: v.literal('version'), version: whole }),
]);

const attributes = v.object({
  mode: v.exactOptional(mode), uid: v.exactOptional(id), gid: v.exactOptional(id), mtimeMs: v.exactOptional(v.pipe(v.number(), v.safeInteger())),
});

const manifestEntries = v.pipe(v.array(v.variant('kind', [
  v.object({ kind: v.literal('chunk'), chunk: hex(64), bytes: v.pipe(whole, v.minValue(1), v.maxValue(limits.chunkBytesMax)) }),
  v.object({ kind: v.literal('hole'), bytes: v.pipe(whole, v.minValue(1), v.maxValue(limits.chunkBytesMax)) }),
])), v.minLength(1), v.maxLength(limits.pageEntriesMax));

const content = v.variant('kind', [
  v.object({ kind: v.literal('inline'), base64: v.pipe(v.string(), v.maxLength(2 * limits.inlineBytesMax)) }),
  v.object({
    kind: v.literal('chunked'), bytes: whole, chunkBytes: v.pipe(whole, v.minValue(1), v.maxValue(limits.chunkBytesMax)), storageClass: text,
    contentId: hex(64), stamp: whole, upload: v.exactOptional(hex(32)),
    pages: v.pipe(v.array(v.variant('kind', [
      v.object({ kind: v.literal('carried'), entries: manifestEntries }),
      v.object({ kind: v.literal('staged'), page: hex(64) }),
    ])), v.maxLength(limits.filePagesMax)),
  }),
]);

const operation = v.variant('kind', [
  v.object({ kind: v.literal('make-directory'), path, mode, parents }),
  v.object({ kind: v.literal('publish'), path, content, attributes, parents, expect: v.exactOptional(expect) }),
  v.object({ kind: v.literal('open-upload'), upload: hex(32) }),
  v.object({ kind: v.literal('stage'), upload: hex(32), storageClass: text, entries: manifestEntries, stamp: whole }),
  v.object({ kind: v.literal('close-upload'), upload: hex(32) }),
  v.object({ kind: v.literal('rename'), from: path, to: path, replace, expect: v.exactOptional(expect) }),
  v.object({ kind: v.literal('copy'), from: path, to: path, replace }),
  v.object({ kind: v.literal('symlink'), path, target: path }),
  v.object({ kind: v.literal('remove'), path, what: v.picklist(['file', 'empty-directory', 'tree']), expect: v.exactOptional(expect) }),
  v.object({ kind: v.literal('set-attributes'), path, change: attributes, follow: v.picklist(['final-symlink', 'never']), expect: v.exactOptional(expect) }),
  v.object({ kind: v.literal('set-policy'), path, storageClass: v.exactOptional(text) }),
]);

export const closeSessionSchema = v.object({ session: whole });

export const batchSchema = v.object({
  session: v.exactOptional(v.object({ id: whole, firstSequence: whole, firstUnacked: whole })),
  operationId: hex(32),
  operations: v.pipe(v.array(operation), v.minLength(1), v.maxLength(limits.entryCommandsMax)),
});

const name = v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is 1 to 63 letters, digits, dots, dashes'));
const url = v.pipe(text, v.regex(/^https?:\/\/[^/\s]{1,300}$/, 'is http://host:port'));
const label = v.pipe(text, v.maxLength(255));

export const registerSchema = v.object({ name, incarnation: hex(32), url, zone: label, host: label, capacityBytes: whole });

export const signOutSchema = v.object({ seeder: whole, incarnation: hex(32) });

export const heartbeatSchema = v.object({
  seeder: whole, incarnation: hex(32), freeBytes: whole, totalBytes: whole, chunkBytes: whole, chunks: whole,
  condition: v.picklist(['open', 'full', 'closed']), cursor: whole,
  inventory: v.pipe(v.array(v.object({
    classCode: v.pipe(whole, v.maxValue(0xffff)), partition: v.pipe(whole, v.maxValue(limits.partitionsMax - 1)), index: whole,
    count: whole, digest: hex(32), others: whole, deletionsPending: whole,
  })), v.maxLength(limits.reportsPerHeartbeat)),
});

/** Numbers in a query arrive as text. */
export const queryNumber = v.pipe(v.string(), v.regex(/^\d{1,16}$/, 'is a whole number'), v.transform(Number), v.safeInteger());
export const queryPath = path;
export const queryHex = v.pipe(v.string(), v.regex(/^[0-9a-f]{1,64}$/, 'is hex digits'));
