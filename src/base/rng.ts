// Seeded pseudo-random numbers (xoshiro128**, Blackman & Vigna 2018), so that a seed decides everything. Not for secrets.

/** Returns a float in [0, 1). The only source of randomness that a core may receive. */
export type Rng = () => number;

/** Equal seeds give equal sequences on every platform. */
export function seededRng(seed: number): Rng {
  // splitmix32 spreads a small seed over the four words of state.
  let mix = seed >>> 0;
  const next32 = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let a = next32();
  let b = next32();
  let c = next32();
  let d = next32();
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result / 0x1_0000_0000;
  };
}

/** A whole number in [low, high]. */
export function randomInt(rng: Rng, low: number, high: number): number {
  return low + Math.floor(rng() * (high - low + 1));
}
