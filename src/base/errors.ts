// The one error class for conditions that callers expect. Bugs are AssertionError instead and stop the process.

import { errorCodes, type ErrorCode, type ErrorCodeName } from './error-codes.ts';

/** What an error carries besides its code: names, paths, numbers; shown to people and sent over the wire. */
export type ErrorDetails = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export class OffshoreError extends Error {
  override readonly name = 'OffshoreError';
  readonly code: ErrorCodeName;
  readonly details: ErrorDetails;

  constructor(code: ErrorCodeName, details: ErrorDetails = {}, options: { readonly cause?: unknown; readonly message?: string } = {}) {
    super(options.message ?? errorCodes[code].text, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
  }

  /** The row of the table: status, retry, exit, hint. */
  get row(): ErrorCode {
    return errorCodes[this.code];
  }
}

/** True when `error` is an OffshoreError, with this code if one is given. */
export function isOffshoreError(error: unknown, code?: ErrorCodeName): error is OffshoreError {
  return error instanceof OffshoreError && (code === undefined || error.code === code);
}

/** Text of anything thrown, for logs and messages. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
