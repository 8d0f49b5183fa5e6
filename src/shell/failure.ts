// From anything thrown to what a person, a script and `$?` see: sentence, code, exit status. The only place that words errors.

import { AssertionError } from '../base/assert.ts';
import type { ErrorCodeName } from '../base/error-codes.ts';
import { OffshoreError, messageOf } from '../base/errors.ts';
import { escapeControls } from './core/format.ts';
import { BrokenPipe } from './sink.ts';

export const exitStatus = {
  ok: 0, failed: 1, usage: 2, notDirectory: 3, notFound: 4, unavailable: 5, denied: 6, exists: 7, noSpace: 8, damaged: 9,
  cannotRun: 126, commandNotFound: 127, interrupted: 130, brokenPipe: 141, terminated: 143,
} as const;

/** A command was written wrongly: message, `Try 'x --help'`, exit 2. */
export class UsageProblem extends Error {
  override readonly name = 'UsageProblem';
}

export interface Failure {
  /** Errno where POSIX has one, else the code of the table. */
  readonly code: string;
  readonly text: string;
  readonly exit: number;
  readonly hint?: string;
}

// Scripts that read --json know these names; the rest keep the name of the error table.
const errnos: Partial<Record<ErrorCodeName, string>> = {
  'not-found': 'ENOENT', 'exists': 'EEXIST', 'not-a-directory': 'ENOTDIR', 'is-a-directory': 'EISDIR', 'not-empty': 'ENOTEMPTY',
  'permission-denied': 'EACCES', 'disk-full': 'ENOSPC', 'quota-exceeded': 'EDQUOT', 'path-too-long': 'ENAMETOOLONG', 'invalid-name': 'EINVAL',
  'too-many-links': 'ELOOP', 'into-itself': 'EINVAL', 'busy': 'EBUSY', 'timeout': 'ETIMEDOUT', 'unreachable': 'ECONNREFUSED',
  'aborted': 'EINTR', 'local-io': 'EIO',
};

export function toFailure(error: unknown): Failure {
  if (error instanceof BrokenPipe) return { code: 'EPIPE', text: 'Broken pipe', exit: exitStatus.brokenPipe };
  if (error instanceof UsageProblem) return { code: 'EINVAL', text: error.message, exit: exitStatus.usage };
  if (error instanceof OffshoreError) return fromOffshoreError(error);
  if (isAbort(error)) return { code: 'EINTR', text: 'Interrupted', exit: exitStatus.interrupted };
  if (error instanceof AssertionError) return { code: 'internal', text: `Internal error: ${error.message} (this is a bug: please report it)`, exit: exitStatus.failed };
  return { code: 'internal', text: messageOf(error), exit: exitStatus.failed };
}

function fromOffshoreError(error: OffshoreError): Failure {
  const node = typeof error.details['node'] === 'string' && error.row.exit === exitStatus.unavailable ? ` (${error.details['node']})` : '';
  return {
    code: errnos[error.code] ?? error.code, text: `${error.message}${node}`, exit: error.row.exit,
    ...(error.row.hint === undefined ? {} : { hint: error.row.hint }),
  };
}

/** True for what an aborted signal makes calls throw. */
export function isAbort(error: unknown): boolean {
  return (error instanceof OffshoreError && error.code === 'aborted') || (error instanceof Error && error.name === 'AbortError');
}

/** A name inside a message: quoted as GNU does, without anything that could steer a terminal. */
export function quoteName(name: string): string {
  return `'${escapeControls(name)}'`;
}
