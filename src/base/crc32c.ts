// CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight tables at a time. It guards small records: keys, values, headers.
// Chunk bodies use the platform's CRC-32, which is native.

const tables: readonly Uint32Array[] = buildTables();

function buildTables(): Uint32Array[] {
  const built = Array.from({ length: 8 }, () => new Uint32Array(256));
  const first = built[0] as Uint32Array;
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) !== 0 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    first[byte] = crc;
  }
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = first[byte] as number;
    for (let table = 1; table < 8; table += 1) {
      crc = (first[crc & 255] as number) ^ (crc >>> 8);
      (built[table] as Uint32Array)[byte] = crc;
    }
  }
  return built;
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array,
];

/** Checksum as an unsigned 32-bit number. `seed` is the result over the bytes before, for checksums over several parts. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    const low = crc ^ (byteAt(bytes, i) | (byteAt(bytes, i + 1) << 8) | (byteAt(bytes, i + 2) << 16) | (byteAt(bytes, i + 3) << 24));
    crc =
      word(t7, low & 255) ^ word(t6, (low >>> 8) & 255) ^ word(t5, (low >>> 16) & 255) ^ word(t4, low >>> 24) ^
      word(t3, byteAt(bytes, i + 4)) ^ word(t2, byteAt(bytes, i + 5)) ^ word(t1, byteAt(bytes, i + 6)) ^ word(t0, byteAt(bytes, i + 7));
  }
  for (; i < bytes.length; i += 1) crc = word(t0, (crc ^ byteAt(bytes, i)) & 255) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function byteAt(bytes: Uint8Array, i: number): number {
  return bytes[i] as number;
}

function word(table: Uint32Array, i: number): number {
  return table[i] as number;
}
