// Whose store a folder is: written once, checked at every start. Every record carries the tag made from it, so that a segment of
// another seeder, or a copy of one inside a chunk, is never taken for ours. It must never adopt a folder with segments of others.

import { fromHex } from '../../base/bytes.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { ClusterId, Incarnation } from '../../base/ids.ts';
import { decodeUtf8, encodeUtf8 } from '../../base/utf8.ts';
import type { FileIo } from '../file-io.ts';
import { tagBytes } from './core/record-format.ts';
import { segmentsFolder, slotOfName } from './segment-pool.ts';

export interface StoreIdentity {
  readonly cluster: ClusterId;
  readonly incarnation: Incarnation;
}

/** The first bytes of the incarnation, which was drawn at random. */
export function tagOf(identity: StoreIdentity): Uint8Array {
  return fromHex(identity.incarnation).subarray(0, tagBytes);
}

/** Throws `wrong-cluster` for a folder of another cluster or seeder, `state-damaged` for segments without an identity. */
export async function claimFolder(folder: string, identity: StoreIdentity, io: FileIo): Promise<void> {
  await io.makeFolder(folder);
  const path = `${folder}/store.identity`;
  const ours = `offshore/store/1 ${identity.cluster} ${identity.incarnation}\n`;
  const found = await io.readFile(path);
  if (found !== undefined) {
    if (decodeUtf8(found) !== ours) throw new OffshoreError('wrong-cluster', { folder, reason: 'the store belongs to another seeder' });
    return;
  }
  const segments = (await io.list(segmentsFolder(folder))).filter((name) => slotOfName(name) !== undefined);
  if (segments.length > 0) throw new OffshoreError('state-damaged', { folder, reason: 'segments without store.identity' });
  await io.replaceFile(path, encodeUtf8(ours));
}
