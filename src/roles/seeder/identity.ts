// Who this seeder is: name and incarnation, drawn once and fsynced before anybody is told, and the cluster it joined. A folder
// that lost this file is a new incarnation: the trackers refuse it under its old name until `offshore seeder replace`.

import { DecodeError } from '../../base/codec.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { ClusterId, Incarnation, NodeName, SeederId } from '../../base/ids.ts';
import { openRecord, sealRecord } from '../../base/sealed-record.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import type { FileIo } from '../../storage/file-io.ts';

export type Membership = { readonly kind: 'new' } | { readonly kind: 'member'; readonly cluster: ClusterId; readonly id: SeederId };

const recordKey = encodeUtf8('seeder-identity');
const recordVersion = 1;

export class SeederIdentity {
  readonly name: NodeName;
  readonly incarnation: Incarnation;
  readonly #path: string;
  readonly #files: FileIo;
  #membership: Membership;

  private constructor(fields: { readonly name: NodeName; readonly incarnation: Incarnation; readonly membership: Membership }, path: string, files: FileIo) {
    this.name = fields.name;
    this.incarnation = fields.incarnation;
    this.#membership = fields.membership;
    this.#path = path;
    this.#files = files;
  }

  /** Reads the identity of a folder, or draws one when the folder is new. Throws `bad-option` when the folder is another seeder's. */
  static async open(options: { readonly folder: string; readonly name: NodeName }, deps: { readonly files: FileIo; readonly drawIncarnation: () => Incarnation }): Promise<SeederIdentity> {
    const path = `${options.folder}/identity`;
    await deps.files.makeFolder(options.folder);
    const bytes = await deps.files.readFile(path);
    if (bytes === undefined) {
      const identity = new SeederIdentity({ name: options.name, incarnation: deps.drawIncarnation(), membership: { kind: 'new' } }, path, deps.files);
      await identity.#save(identity.#membership);
      return identity;
    }
    const fields = decode(bytes, path);
    if (fields.name !== options.name) {
      throw new OffshoreError('bad-option', { option: '--id', value: options.name }, { message: `--id: the folder ${options.folder} belongs to ${fields.name}` });
    }
    return new SeederIdentity(fields, path, deps.files);
  }

  membership(): Membership {
    return this.#membership;
  }

  cluster(): ClusterId | undefined {
    return this.#membership.kind === 'member' ? this.#membership.cluster : undefined;
  }

  /** Id in the layout; throws `starting` before the first registration. */
  id(): SeederId {
    if (this.#membership.kind === 'new') throw new OffshoreError('starting', { name: this.name });
    return this.#membership.id;
  }

  /** Durable when it resolves. A seeder never changes its cluster. */
  async join(cluster: ClusterId, id: SeederId): Promise<void> {
    if (this.#membership.kind === 'member') {
      if (this.#membership.cluster !== cluster) throw new OffshoreError('wrong-cluster', { name: this.name, cluster, own: this.#membership.cluster });
      if (this.#membership.id === id) return;
    }
    const membership: Membership = { kind: 'member', cluster, id };
    await this.#save(membership);
    this.#membership = membership;
  }

  #save(membership: Membership): Promise<void> {
    return this.#files.replaceFile(this.#path, sealRecord(recordKey, recordVersion, (writer) => {
      writer.text(this.name).text(this.incarnation);
      if (membership.kind === 'new') writer.u8(0);
      else writer.u8(1).text(membership.cluster).varint(membership.id);
    }));
  }
}

function decode(bytes: Uint8Array, path: string): { readonly name: NodeName; readonly incarnation: Incarnation; readonly membership: Membership } {
  try {
    return openRecord(recordKey, recordVersion, bytes, (reader) => {
      const name = reader.text() as NodeName;
      const incarnation = reader.text() as Incarnation;
      const membership: Membership = reader.u8() === 0 ? { kind: 'new' } : { kind: 'member', cluster: reader.text() as ClusterId, id: reader.varint() as SeederId };
      return { name, incarnation, membership };
    });
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new OffshoreError('state-damaged', { file: path }, { cause: error, message: 'The identity of this seeder is damaged' });
  }
}
