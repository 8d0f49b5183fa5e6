// Base64 (RFC 4648 section 4, padded) without the platform's Buffer, for the small bodies that travel inside JSON.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const invalid = 255;
const values = buildValues();

function buildValues(): Uint8Array {
  const built = new Uint8Array(128).fill(invalid);
  for (let value = 0; value < 64; value += 1) built[alphabet.charCodeAt(value)] = value;
  return built;
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  const whole = bytes.length - (bytes.length % 3);
  for (let i = 0; i < whole; i += 3) {
    const word = (byteAt(bytes, i) << 16) | (byteAt(bytes, i + 1) << 8) | byteAt(bytes, i + 2);
    text += digit(word >> 18) + digit(word >> 12) + digit(word >> 6) + digit(word);
  }
  const rest = bytes.length - whole;
  if (rest === 1) {
    const word = byteAt(bytes, whole) << 16;
    text += `${digit(word >> 18)}${digit(word >> 12)}==`;
  } else if (rest === 2) {
    const word = (byteAt(bytes, whole) << 16) | (byteAt(bytes, whole + 1) << 8);
    text += `${digit(word >> 18)}${digit(word >> 12)}${digit(word >> 6)}=`;
  }
  return text;
}

/** Undefined for anything that `toBase64` would not have written. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let word = 0;
  let at = 0;
  for (let i = 0; i < digits; i += 1) {
    const value = valueAt(text, i);
    if (value === invalid) return undefined;
    word = ((word << 6) | value) & 0xffffff;
    if (i % 4 === 1) bytes[at++] = word >> 4;
    else if (i % 4 === 2) bytes[at++] = word >> 2;
    else if (i % 4 === 3) bytes[at++] = word;
  }
  // Bits that padding cuts off must be zero, or two texts would mean the same bytes.
  const leftover = padding === 2 ? word & 15 : padding === 1 ? word & 3 : 0;
  return leftover === 0 ? bytes : undefined;
}

function byteAt(bytes: Uint8Array, i: number): number {
  return bytes[i] as number;
}

function digit(word: number): string {
  return alphabet.charAt(word & 63);
}

function valueAt(text: string, i: number): number {
  return values[text.charCodeAt(i)] ?? invalid;
}
