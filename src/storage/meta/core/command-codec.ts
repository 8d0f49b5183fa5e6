// Bytes of a log entry: format, times of the leader, then commands, each with its length. Frozen (docs/formats.md): append tags, never change one.
// An unknown format or tag is `version-unsupported`: the tracker must exit, because skipping a command would fork its state (`architecture.md` 3).

import { unreachable } from '../../../base/assert.ts';
import { ByteReader, ByteWriter, DecodeError } from '../../../base/codec.ts';
import { OffshoreError } from '../../../base/errors.ts';
import type { ChunkId, ClusterAge, ClusterId, Incarnation, LogIndex, NodeName, SeederId, SessionId, WallMillis } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { OperationId } from '../../../model/operation.ts';
import type { Command, ConfigSetting, CondemnItem, Entry, LayoutMove, SettleItem, SettleProof, SystemCommand } from './command.ts';
import { readOperation, writeOperation } from './operation-codec.ts';
import { readClassCode, readHexField, readHexText, readSigned, readVariant, writeHex, writeSigned } from './record-parts.ts';
import { readSeederState, writeSeederState } from './records-cluster.ts';
import { isConfigName } from './settings.ts';

const entryFormat = 1;

/** Order is the wire number: append only. */
const commandKinds = [
  'batch', 'found', 'register-session', 'close-session', 'expire-sessions', 'register-seeder', 'seeder-state', 'set-layout', 'settle', 'condemn',
  'forget-condemned', 'expire-uploads', 'trim-feed', 'set-config', 'raise-level',
] as const satisfies readonly Command['kind'][];

const graces = ['kept', 'skipped'] as const;

/** Head of an entry and commands encoded before, so that a leader measures a command once. */
export function encodeEntry(head: { readonly wallMs: WallMillis; readonly clusterAge: ClusterAge }, commands: readonly Uint8Array[]): Uint8Array {
  const bytes = commands.reduce((sum, command) => sum + command.length + 4, 32);
  const writer = new ByteWriter(bytes).u8(entryFormat);
  writeSigned(writer, head.wallMs);
  writer.varint(head.clusterAge).varint(commands.length);
  for (const command of commands) writer.bytes(command);
  return writer.finish();
}

/** Throws DecodeError on damage, `version-unsupported` on what a newer program wrote. */
export function decodeEntry(bytes: Uint8Array): Entry {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== entryFormat) throw new OffshoreError('version-unsupported', { what: 'log entry' });
  const wallMs = readSigned(reader) as WallMillis;
  const clusterAge = reader.varint() as ClusterAge;
  const count = reader.count(2);
  if (count > limits.entryCommandsMax) throw new DecodeError('entry has too many commands');
  const commands = Array.from({ length: count }, () => decodeCommand(reader.bytes()));
  reader.end();
  return { wallMs, clusterAge, commands };
}

export function encodeCommand(command: Command): Uint8Array {
  const writer = new ByteWriter(160).u8(commandKinds.indexOf(command.kind));
  if (command.kind === 'batch') {
    writer.u8(command.session === undefined ? 0 : 1);
    if (command.session !== undefined) writer.varint(command.session.id).varint(command.session.firstSequence).varint(command.session.firstUnacked);
    writeHex(writer, command.operation);
    writer.text(command.user).varint(command.operations.length);
    for (const operation of command.operations) writeOperation(writer, operation);
  } else {
    writeSystem(writer, command);
  }
  return writer.finish();
}

export function decodeCommand(bytes: Uint8Array): Command {
  const reader = new ByteReader(bytes);
  const kind = commandKinds[reader.u8()];
  if (kind === undefined) throw new OffshoreError('version-unsupported', { what: 'command of the log' });
  const command = kind === 'batch' ? readBatch(reader) : readSystem(reader, kind);
  reader.end();
  return command;
}

function readBatch(reader: ByteReader): Command {
  const named = readVariant(reader, ['none', 'named'] as const) === 'named';
  const session = named ? { session: { id: reader.varint() as SessionId, firstSequence: reader.varint(), firstUnacked: reader.varint() } } : {};
  const operation = readHexField(reader, 16) as OperationId;
  const user = reader.text();
  const count = reader.count(2);
  if (count > limits.entryCommandsMax) throw new DecodeError('batch has too many operations');
  return { kind: 'batch', ...session, operation, user, operations: Array.from({ length: count }, () => readOperation(reader)) };
}

function writeSystem(writer: ByteWriter, command: SystemCommand): void {
  switch (command.kind) {
    case 'found':
      writer.text(command.cluster).varint(command.level);
      writeEach(writer, command.settings, (setting) => writeSetting(writer, setting));
      return;
    case 'register-session': writer.text(command.user); return;
    case 'close-session': writer.varint(command.session); return;
    case 'expire-sessions': writeEach(writer, command.sessions, (session) => writer.varint(session)); return;
    case 'register-seeder':
      writer.text(command.name).text(command.incarnation).text(command.url).text(command.zone).text(command.host).varint(command.capacityBytes);
      return;
    case 'seeder-state': writeSeederState(writer.varint(command.seeder), command.state); return;
    case 'set-layout':
      writer.u16(command.classCode).varint(command.partitions).varint(command.basedOn);
      writeEach(writer, command.moves, (move) => writeMove(writer, move));
      return;
    case 'settle': writeEach(writer, command.items, (item) => writeSettle(writer, item)); return;
    case 'condemn':
      writer.u8(graces.indexOf(command.grace));
      writeEach(writer, command.chunks, (item) => writeHex(writer.u16(item.classCode).varint(item.bytes), item.chunk));
      return;
    case 'forget-condemned': writeEach(writer, command.chunks, (item) => writeHex(writer.u16(item.classCode), item.chunk)); return;
    case 'expire-uploads': writeEach(writer, command.uploads, (upload) => writeHex(writer, upload)); return;
    case 'trim-feed': writeEach(writer, command.rows, (row) => writer.varint(row.index).varint(row.events)); return;
    case 'set-config': writeSetting(writer, command.setting); return;
    case 'raise-level': writer.varint(command.level); return;
    default: return unreachable(command);
  }
}

function readSystem(reader: ByteReader, kind: SystemCommand['kind']): SystemCommand {
  switch (kind) {
    case 'found': return {
      kind, cluster: readHexText(reader, 64) as ClusterId, level: reader.varint(), settings: readEach(reader, 2, () => readSetting(reader)),
    };
    case 'register-session': return { kind, user: reader.text() };
    case 'close-session': return { kind, session: reader.varint() as SessionId };
    case 'expire-sessions': return { kind, sessions: readEach(reader, 1, () => reader.varint() as SessionId) };
    case 'register-seeder': return {
      kind, name: reader.text() as NodeName, incarnation: readHexText(reader, 32) as Incarnation, url: reader.text(), zone: reader.text(),
      host: reader.text(), capacityBytes: reader.varint(),
    };
    case 'seeder-state': return { kind, seeder: reader.varint() as SeederId, state: readSeederState(reader) };
    case 'set-layout': return {
      kind, classCode: readClassCode(reader), partitions: reader.varint(), basedOn: reader.varint() as LogIndex,
      moves: readEach(reader, 2, () => readMove(reader)),
    };
    case 'settle': return { kind, items: readEach(reader, 4, () => readSettle(reader)) };
    case 'condemn': return { kind, grace: readVariant(reader, graces), chunks: readEach(reader, 35, () => readCondemn(reader)) };
    case 'forget-condemned': return {
      kind, chunks: readEach(reader, 34, () => ({ classCode: readClassCode(reader), chunk: readHexField(reader, 32) as ChunkId })),
    };
    case 'expire-uploads': return { kind, uploads: readEach(reader, 16, () => readHexField(reader, 16)) };
    case 'trim-feed': return { kind, rows: readEach(reader, 2, () => ({ index: reader.varint() as LogIndex, events: reader.varint() })) };
    case 'set-config': return { kind, setting: readSetting(reader) };
    case 'raise-level': return { kind, level: reader.varint() };
    default: return unreachable(kind);
  }
}

function writeEach<Item>(writer: ByteWriter, items: readonly Item[], write: (item: Item) => unknown): void {
  writer.varint(items.length);
  for (const item of items) write(item);
}

function readEach<Item>(reader: ByteReader, bytesEach: number, read: () => Item): Item[] {
  return Array.from({ length: reader.count(bytesEach) }, read);
}

function writeSetting(writer: ByteWriter, setting: ConfigSetting): void {
  writer.text(setting.name).text(setting.value);
}

function readSetting(reader: ByteReader): ConfigSetting {
  const name = reader.text();
  const value = reader.text();
  if (!isConfigName(name)) throw new OffshoreError('version-unsupported', { what: 'setting of the log', name });
  return { name, value };
}

function writeMove(writer: ByteWriter, move: LayoutMove): void {
  writer.varint(move.partition);
  writeEach(writer, move.now, (seeder) => writer.varint(seeder));
}

function readMove(reader: ByteReader): LayoutMove {
  return { partition: reader.varint(), now: readEach(reader, 1, () => reader.varint() as SeederId) };
}

function writeSettle(writer: ByteWriter, item: SettleItem): void {
  writer.u16(item.classCode).varint(item.partition).varint(item.since);
  writeEach(writer, item.proofs, (proof) => writer.varint(proof.seeder).varint(proof.index).varint(proof.deletionsPending));
}

function readSettle(reader: ByteReader): SettleItem {
  const head = { classCode: readClassCode(reader), partition: reader.varint(), since: reader.varint() as LogIndex };
  const proofs = readEach(reader, 3, (): SettleProof => ({
    seeder: reader.varint() as SeederId, index: reader.varint() as LogIndex, deletionsPending: reader.varint(),
  }));
  return { ...head, proofs };
}

function readCondemn(reader: ByteReader): CondemnItem {
  const classCode = readClassCode(reader);
  const bytes = reader.varint();
  if (bytes > limits.chunkBytesMax) throw new DecodeError('chunk is larger than the limit');
  return { classCode, bytes, chunk: readHexField(reader, 32) as ChunkId };
}
