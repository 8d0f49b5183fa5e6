// Cuts the bytes of one stream back into frames. Keeps at most one unfinished frame.

import { DecodeError } from '../../base/codec.ts';
import { concatBytes } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { decodeFrameBody, frameHeaderBytes, readFrameHeader, type Frame } from './wire.ts';

export interface ReadFrame {
  readonly frame: Frame;
  readonly bytes: number;
}

export class FrameReader {
  #parts: Uint8Array[] = [];
  #buffered = 0;
  /** Bytes needed before looking again is worth it. */
  #wanted = frameHeaderBytes;

  /** The frames that are complete now. Throws DecodeError; the reader must not be used afterwards. */
  push(bytes: Uint8Array): readonly ReadFrame[] {
    this.#parts.push(bytes);
    this.#buffered += bytes.length;
    if (this.#buffered < this.#wanted) return [];
    return this.#cut(concatBytes(this.#parts));
  }

  #cut(bytes: Uint8Array): readonly ReadFrame[] {
    const frames: ReadFrame[] = [];
    let at = 0;
    this.#wanted = frameHeaderBytes;
    for (let header = readFrameHeader(bytes, at); header !== undefined; header = readFrameHeader(bytes, at)) {
      const end = at + frameHeaderBytes + header.length;
      if (end > bytes.length) {
        this.#wanted = end - at;
        break;
      }
      frames.push({ frame: decodeChecked(bytes.subarray(at + frameHeaderBytes, end), header.crc), bytes: header.length });
      at = end;
    }
    // A copy: what waits must not hold on to the buffers of the socket.
    const rest = bytes.slice(at);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#buffered = rest.length;
    return frames;
  }
}

/** Entries stay in memory long after the socket's buffer, which may be much larger than they are: they get bytes of their own. */
function decodeChecked(body: Uint8Array, crc: number): Frame {
  if (crc32c(body) !== crc) throw new DecodeError('frame fails its checksum');
  return decodeFrameBody(body.slice());
}
