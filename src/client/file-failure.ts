// Which errors are the misfortune of one file among many, to be reported beside the others' success.

import { AssertionError } from '../base/assert.ts';

/** The error to report for one file. Rethrows what must end everything: a bug, or the caller's own abort. */
export function toFileFailure(error: unknown, signal: AbortSignal): Error {
  if (signal.aborted || error instanceof AssertionError || !(error instanceof Error)) throw error;
  return error;
}
