// Names of the headers that parts exchange. Lower case, as Node delivers them.

export const headerNames = {
  /** Cluster id; on every request between parts that know it and on every answer. A mismatch is refused (`wrong-cluster`). */
  cluster: 'offshore-cluster',
  /** Protocol version, a small integer. */
  protocol: 'offshore-protocol',
  /** Layout version the sender used. */
  layout: 'offshore-layout',
  /** Stamp of a chunk: index at which the writer read the layout. */
  stamp: 'offshore-stamp',
  /** `all`: the receiver is coordinator and relays. `none`: it stores for itself (relays, repair, clients that send to all). */
  relay: 'offshore-relay',
  /** CRC-32 of each 64 KiB block of a body, 8 hex digits each, joined. */
  crcs: 'offshore-crcs',
  contentType: 'content-type',
  contentLength: 'content-length',
  contentRange: 'content-range',
  range: 'range',
  retryAfter: 'retry-after',
} as const;

export const protocolVersion = 1;
export const jsonType = 'application/json';
export const bytesType = 'application/octet-stream';

export function formatCrcs(crcs: Uint32Array): string {
  let text = '';
  for (const crc of crcs) text += crc.toString(16).padStart(8, '0');
  return text;
}

/** Undefined when the text is not whole groups of 8 lower-case hex digits. */
export function parseCrcs(text: string): Uint32Array | undefined {
  if (text.length % 8 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return Uint32Array.from({ length: text.length / 8 }, (_, i) => Number.parseInt(text.slice(8 * i, 8 * i + 8), 16));
}
