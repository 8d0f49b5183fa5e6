// Operations as the wire carries them: inline bytes become base64, everything else stands as it is.

import { toBase64 } from '../base/base64.ts';
import type { Operation } from '../model/operation.ts';
import type { WireOperation } from '../protocol/tracker-api.ts';

export function toWireOperation(operation: Operation): WireOperation {
  if (operation.kind !== 'publish') return operation;
  const { content } = operation;
  if (content.kind === 'chunked') return { ...operation, content };
  return { ...operation, content: { kind: 'inline', base64: toBase64(content.bytes) } };
}
