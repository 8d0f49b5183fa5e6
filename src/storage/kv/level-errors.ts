// What LevelDB's errors mean here. Its error codes are strings on the error or on its cause.

import { OffshoreError } from '../../base/errors.ts';

export function toOpenError(error: unknown, folder: string): OffshoreError {
  const codes = codesOf(error);
  if (codes.includes('LEVEL_CORRUPTION')) return new OffshoreError('state-damaged', { folder }, { cause: error });
  if (codes.includes('LEVEL_LOCKED')) return new OffshoreError('busy', { folder }, { cause: error });
  return new OffshoreError('local-io', { folder }, { cause: error });
}

export function toReadError(error: unknown, folder: string): OffshoreError {
  if (error instanceof OffshoreError) return error;
  const code = codesOf(error).includes('LEVEL_CORRUPTION') ? 'state-damaged' : 'local-io';
  return new OffshoreError(code, { folder }, { cause: error });
}

function codesOf(error: unknown): readonly string[] {
  const codes: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') codes.push(at.code);
  }
  return codes;
}
