// The Send port without sockets: messages go straight to the Hono app registered under their base URL.

import { totalBytes } from '../../src/base/bytes.ts';
import { OffshoreError } from '../../src/base/errors.ts';
import type { Answer, Message, Send } from '../../src/protocol/send.ts';

export interface App {
  fetch(request: Request): Response | Promise<Response>;
}

export class InProcessNetwork {
  readonly #apps = new Map<string, App>();

  /** From now on messages to `url` reach `app`. */
  connect(url: string, app: App): void {
    this.#apps.set(url, app);
  }

  /** From now on messages to `url` fail as `unreachable`. */
  disconnect(url: string): void {
    this.#apps.delete(url);
  }

  readonly send: Send = async (message, signal) => {
    if (signal.aborted) throw new OffshoreError('aborted', { node: message.to });
    const app = this.#apps.get(message.to);
    if (app === undefined) throw new OffshoreError('unreachable', { node: message.to, reason: 'not connected' });
    return Promise.race([deliver(app, message, signal), rejectOnAbort(message, signal)]);
  };
}

async function deliver(app: App, message: Message, signal: AbortSignal): Promise<Answer> {
  const response = await app.fetch(new Request(message.to + message.path, {
    method: message.method,
    headers: { ...message.headers, ...(message.body.length === 0 ? {} : { 'content-length': String(totalBytes(message.body)) }) },
    signal,
    ...(message.body.length === 0 ? {} : { body: new Blob(message.body as Uint8Array<ArrayBuffer>[]) }),
  }));
  const body = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: Object.fromEntries(response.headers), body: body.length === 0 ? [] : [body] };
}

function rejectOnAbort(message: Message, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new OffshoreError('aborted', { node: message.to })), { once: true });
  });
}
