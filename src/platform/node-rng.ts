// Randomness of the running process: a generator seeded once from the operating system. Not for secrets: those come from node:crypto.

import { randomBytes } from 'node:crypto';
import { seededRng, type Rng } from '../base/rng.ts';

/** A generator of its own: two nodes started at one moment must not draw the same election timeouts. */
export function nodeRng(): Rng {
  return seededRng(randomBytes(4).readUInt32BE());
}
