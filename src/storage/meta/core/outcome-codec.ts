// Outcomes as a session remembers them: all outcomes of one batch in one row.

import { AssertionError } from '../../../base/assert.ts';
import { type ByteReader, type ByteWriter, DecodeError } from '../../../base/codec.ts';
import { isErrorCode } from '../../../base/error-codes.ts';
import type { ErrorDetails } from '../../../base/errors.ts';
import type { ContentId, Ino, LogIndex, PageId } from '../../../base/ids.ts';
import type { Outcome } from '../../../model/operation.ts';
import { openRecord, readHexField, readSigned, record, writeHex, writeSigned } from './record-parts.ts';

const flagIno = 1;
const flagVersion = 2;
const flagContent = 4;
const flagPage = 8;
const flagRemoved = 16;
const flagFailed = 128;

export function encodeOutcomes(outcomes: readonly Outcome[]): Uint8Array {
  const writer = record(8 + 24 * outcomes.length).varint(outcomes.length);
  for (const outcome of outcomes) writeOutcome(writer, outcome);
  return writer.finish();
}

/** False for an outcome that no session could remember: a refusal quotes what users sent. */
export function isStorable(outcome: Outcome): boolean {
  try {
    encodeOutcomes([outcome]);
    return true;
  } catch (error) {
    if (error instanceof AssertionError) return false;
    throw error;
  }
}

export function decodeOutcomes(bytes: Uint8Array): Outcome[] {
  const reader = openRecord(bytes);
  const outcomes = Array.from({ length: reader.count() }, () => readOutcome(reader));
  reader.end();
  return outcomes;
}

function writeOutcome(writer: ByteWriter, outcome: Outcome): void {
  if (!outcome.ok) {
    writer.u8(flagFailed).text(outcome.code);
    writeDetails(writer, outcome.details);
    return;
  }
  const flags =
    (outcome.ino === undefined ? 0 : flagIno) | (outcome.version === undefined ? 0 : flagVersion) | (outcome.contentId === undefined ? 0 : flagContent) |
    (outcome.page === undefined ? 0 : flagPage) | (outcome.removed === undefined ? 0 : flagRemoved);
  writer.u8(flags).varint(outcome.index);
  if (outcome.ino !== undefined) writer.varint(outcome.ino);
  if (outcome.version !== undefined) writer.varint(outcome.version);
  if (outcome.contentId !== undefined) writeHex(writer, outcome.contentId);
  if (outcome.page !== undefined) writeHex(writer, outcome.page);
  if (outcome.removed !== undefined) writer.varint(outcome.removed);
}

function readOutcome(reader: ByteReader): Outcome {
  const flags = reader.u8();
  if (flags === flagFailed) {
    const code = reader.text();
    if (!isErrorCode(code)) throw new DecodeError('unknown error code');
    return { ok: false, code, details: readDetails(reader) };
  }
  if (flags >= 32) throw new DecodeError('unknown flags of an outcome');
  return {
    ok: true,
    index: reader.varint() as LogIndex,
    ...((flags & flagIno) === 0 ? {} : { ino: reader.varint() as Ino }),
    ...((flags & flagVersion) === 0 ? {} : { version: reader.varint() as LogIndex }),
    ...((flags & flagContent) === 0 ? {} : { contentId: readHexField(reader, 32) as ContentId }),
    ...((flags & flagPage) === 0 ? {} : { page: readHexField(reader, 32) as PageId }),
    ...((flags & flagRemoved) === 0 ? {} : { removed: reader.varint() }),
  };
}

function writeDetails(writer: ByteWriter, details: ErrorDetails): void {
  const present = Object.entries(details).filter(([, value]) => value !== undefined);
  writer.varint(present.length);
  for (const [name, value] of present) {
    writer.text(name);
    if (typeof value === 'string') writer.u8(0).text(value);
    else if (typeof value === 'number') writeSigned(writer.u8(1), value);
    else writeTexts(writer.u8(2), value ?? []);
  }
}

function writeTexts(writer: ByteWriter, texts: readonly string[]): void {
  writer.varint(texts.length);
  for (const text of texts) writer.text(text);
}

function readDetails(reader: ByteReader): ErrorDetails {
  const details: Record<string, string | number | readonly string[]> = {};
  for (let left = reader.count(2); left > 0; left -= 1) {
    const name = reader.text();
    const tag = reader.u8();
    if (tag > 2) throw new DecodeError('unknown kind of detail');
    details[name] = tag === 0 ? reader.text() : tag === 1 ? readSigned(reader) : Array.from({ length: reader.count() }, () => reader.text());
  }
  return details;
}
