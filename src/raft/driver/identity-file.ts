// The file `identity` of a tracker's data folder: who this tracker is, drawn once and fsynced before it answers anybody
// (`architecture.md` 4). It outlives the log, so that a tracker whose log was lost is noticed and never votes under its old id.

import { DecodeError } from '../../base/codec.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { ClusterId, Incarnation, NodeId, NodeName } from '../../base/ids.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { openRecord, sealRecord } from '../../base/sealed-record.ts';
import type { FileIo } from '../../storage/file-io.ts';
import { readIncarnation, readNodeId } from './member-codec.ts';

/** `fresh`: may still take its place in a cluster. `joined`: has a log, or had one; without it the tracker is refused. */
export type IdentityStage =
  | { readonly kind: 'fresh' }
  | { readonly kind: 'joined'; readonly cluster: ClusterId; readonly id: NodeId };

export interface Identity {
  readonly name: NodeName;
  readonly incarnation: Incarnation;
  readonly stage: IdentityStage;
}

export interface IdentityFileDeps {
  readonly files: FileIo;
  readonly drawIncarnation: () => Incarnation;
}

const version = 1;
const recordKey = encodeUtf8('identity');

/** Reads the identity of a folder, or draws and fsyncs one when the folder is new. */
export async function openIdentity(options: { readonly folder: string; readonly name: NodeName }, deps: IdentityFileDeps): Promise<Identity> {
  await deps.files.makeFolder(options.folder);
  const bytes = await deps.files.readFile(identityPath(options.folder));
  if (bytes === undefined) return drawIdentity(options, deps);
  const identity = decodeIdentity(bytes, options.folder);
  if (identity.name !== options.name) {
    throw new OffshoreError('bad-option', { name: options.name, folder: options.folder, owner: identity.name }, { message: 'The data folder belongs to another tracker' });
  }
  return identity;
}

/** Durable when it resolves. */
export async function markJoined(
  folder: string, identity: Identity, place: { readonly cluster: ClusterId; readonly id: NodeId }, files: FileIo,
): Promise<Identity> {
  const joined: Identity = { ...identity, stage: { kind: 'joined', ...place } };
  await files.replaceFile(identityPath(folder), encodeIdentity(joined));
  return joined;
}

async function drawIdentity(options: { readonly folder: string; readonly name: NodeName }, deps: IdentityFileDeps): Promise<Identity> {
  // A log without an identity was put there by hand: which incarnation wrote it cannot be known any more.
  if ((await deps.files.list(`${options.folder}/raft-log`)).length > 0) throw new OffshoreError('wiped-member', { name: options.name, folder: options.folder });
  const identity: Identity = { name: options.name, incarnation: deps.drawIncarnation(), stage: { kind: 'fresh' } };
  await deps.files.replaceFile(identityPath(options.folder), encodeIdentity(identity));
  return identity;
}

function identityPath(folder: string): string {
  return `${folder}/identity`;
}

function encodeIdentity(identity: Identity): Uint8Array {
  return sealRecord(recordKey, version, (writer) => {
    writer.text(identity.name).text(identity.incarnation);
    if (identity.stage.kind === 'fresh') writer.u8(0);
    else writer.u8(1).text(identity.stage.cluster).varint(identity.stage.id);
  });
}

function decodeIdentity(bytes: Uint8Array, folder: string): Identity {
  try {
    return openRecord(recordKey, version, bytes, (reader) => {
      const name = reader.text() as NodeName;
      const incarnation = readIncarnation(reader);
      if (reader.u8() === 0) return { name, incarnation, stage: { kind: 'fresh' } };
      return { name, incarnation, stage: { kind: 'joined', cluster: reader.text() as ClusterId, id: readNodeId(reader) } };
    });
  } catch (error) {
    if (error instanceof DecodeError) throw new OffshoreError('log-damaged', { folder, file: 'identity' }, { cause: error });
    throw error;
  }
}
