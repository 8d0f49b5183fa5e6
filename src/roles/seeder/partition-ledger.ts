// Which partitions this seeder has listed completely, and under which list: durable, because after a restart the marks of the
// store are only worth what this file says. A partition whose list changed since is listed again before anything is reported.

import { DecodeError } from '../../base/codec.ts';
import type { LogIndex } from '../../base/ids.ts';
import { openRecord, sealRecord } from '../../base/sealed-record.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import type { ClassCode } from '../../model/storage-class.ts';
import type { FileIo } from '../../storage/file-io.ts';

export interface LedgerRow {
  readonly classCode: ClassCode;
  readonly partition: number;
  /** How many partitions the class had; a split makes every row stale. */
  readonly of: number;
  /** `since` of the lists under which it was listed. */
  readonly since: LogIndex;
  /** The listing is complete for every feed index from here on. */
  readonly completeAt: LogIndex;
}

const ledgerVersion = 1;
const ledgerKey = encodeUtf8('partition-ledger');

export class PartitionLedger {
  readonly #path: string;
  readonly #files: FileIo;
  readonly #rows = new Map<string, LedgerRow>();

  private constructor(path: string, files: FileIo) {
    this.#path = path;
    this.#files = files;
  }

  /** An absent file is an empty ledger; a damaged one too: everything is then listed again. */
  static async open(path: string, files: FileIo): Promise<PartitionLedger> {
    const ledger = new PartitionLedger(path, files);
    const bytes = await files.readFile(path);
    for (const row of bytes === undefined ? [] : decodeOrNothing(bytes)) ledger.#rows.set(rowKey(row), row);
    return ledger;
  }

  rows(): readonly LedgerRow[] {
    return [...this.#rows.values()];
  }

  row(ref: { readonly classCode: ClassCode; readonly partition: number }): LedgerRow | undefined {
    return this.#rows.get(rowKey(ref));
  }

  async replace(change: { readonly add: readonly LedgerRow[]; readonly remove: readonly LedgerRow[] }): Promise<void> {
    for (const row of change.remove) this.#rows.delete(rowKey(row));
    for (const row of change.add) this.#rows.set(rowKey(row), row);
    await this.#files.replaceFile(this.#path, encode(this.rows()));
  }
}

function rowKey(ref: { readonly classCode: ClassCode; readonly partition: number }): string {
  return `${ref.classCode}/${ref.partition}`;
}

function encode(rows: readonly LedgerRow[]): Uint8Array {
  return sealRecord(ledgerKey, ledgerVersion, (writer) => {
    writer.varint(rows.length);
    for (const row of rows) writer.u16(row.classCode).varint(row.partition).varint(row.of).varint(row.since).varint(row.completeAt);
  });
}

function decodeOrNothing(bytes: Uint8Array): LedgerRow[] {
  try {
    return openRecord(ledgerKey, ledgerVersion, bytes, (reader) =>
      Array.from({ length: reader.count(6) }, (): LedgerRow => ({
        classCode: reader.u16() as ClassCode, partition: reader.varint(), of: reader.varint(),
        since: reader.varint() as LogIndex, completeAt: reader.varint() as LogIndex,
      })));
  } catch (error) {
    if (error instanceof DecodeError) return [];
    throw error;
  }
}
