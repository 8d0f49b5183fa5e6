// Assertions stay on in production: a broken invariant must stop the process before it damages data.

/** A bug in this program, never a condition of the world. Nothing may catch it and go on. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws when `condition` is false. `message` states the rule that was broken. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The value, when the surrounding code has already shown that it is present. */
export function mustExist<T>(value: T | undefined | null, message: string): T {
  if (value === undefined || value === null) throw new AssertionError(message);
  return value;
}

/** Ends every `switch` over a union: adding a variant without handling it does not compile. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable variant: ${JSON.stringify(value)}`);
}
