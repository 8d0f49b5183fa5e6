// Errors on the wire: a status from the table and a small JSON body. Both directions, so that they cannot drift apart.

import { concatBytes } from '../base/bytes.ts';
import { isErrorCode } from '../base/error-codes.ts';
import { OffshoreError, type ErrorDetails } from '../base/errors.ts';
import { decodeUtf8, encodeUtf8 } from '../base/utf8.ts';
import { headerNames, jsonType } from './headers.ts';
import type { Answer } from './send.ts';

export interface Problem {
  readonly error: { readonly code: string; readonly message: string; readonly details: ErrorDetails };
}

/** The answer that tells `error` to the other side. */
export function toProblemAnswer(error: OffshoreError): Answer {
  const problem: Problem = { error: { code: error.code, message: error.message, details: error.details } };
  const retry = error.row.retry === 'later' ? { [headerNames.retryAfter]: '1' } : {};
  return { status: error.row.status, headers: { [headerNames.contentType]: jsonType, ...retry }, body: [encodeUtf8(JSON.stringify(problem))] };
}

/** The error that an answer with status 400 or above carries; `bad-answer` when it is not one of ours. */
export function fromProblemAnswer(answer: Answer, from: string): OffshoreError {
  const parsed = parseJson(answer);
  if (isProblem(parsed) && isErrorCode(parsed.error.code)) {
    return new OffshoreError(parsed.error.code, { ...parsed.error.details, node: parsed.error.details['node'] ?? from }, { message: parsed.error.message });
  }
  return new OffshoreError('bad-answer', { node: from, status: answer.status });
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null || !('error' in value)) return false;
  const error = value.error;
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    && 'message' in error && typeof error.message === 'string' && 'details' in error && typeof error.details === 'object' && error.details !== null;
}

/** Body of an answer as JSON, or undefined when it is none. */
export function parseJson(answer: Answer): unknown {
  const text = decodeUtf8(concatBytes(answer.body));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
