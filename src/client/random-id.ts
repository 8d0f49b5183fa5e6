// Names that a client draws itself: operation ids and upload ids. 128 bits, so that two clients never meet; not secrets.

import { randomInt, type Rng } from '../base/rng.ts';

/** 32 lower-case hex digits. */
export function randomId(rng: Rng): string {
  let text = '';
  for (let i = 0; i < 8; i += 1) text += randomInt(rng, 0, 0xffff).toString(16).padStart(4, '0');
  return text;
}
