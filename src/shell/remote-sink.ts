// A remote file that output is redirected to (`> offshore:/path`). Published as a whole when the command succeeded; when it
// failed, nothing is: readers see the old bytes or all of the new.

import { OffshoreError } from '../base/errors.ts';
import { resolveRemote } from './core/remote-path.ts';
import { Pipe } from './pipe.ts';
import type { ShellSession } from './session.ts';
import type { Sink } from './sink.ts';

export class RemoteFileSink implements Sink {
  readonly isTerminal = false;
  readonly columns = 80;
  readonly #pipe: Pipe;
  readonly #uploaded: Promise<Error | undefined>;

  private constructor(pipe: Pipe, uploaded: Promise<Error | undefined>) {
    this.#pipe = pipe;
    this.#uploaded = uploaded;
  }

  static async open(session: ShellSession, typed: string, signal: AbortSignal): Promise<RemoteFileSink> {
    const path = resolveRemote(session.cwd, typed);
    const files = await session.remote();
    const pipe = new Pipe();
    const upload = files.upload({ kind: 'stream', stream: pipe.input.bytes(signal) }, path, { signal, operationId: session.drawOperationId() });
    const uploaded = upload.then(() => undefined, (error: unknown) => {
      pipe.leave();
      return error instanceof Error ? error : new OffshoreError('internal', {}, { cause: error });
    });
    return new RemoteFileSink(pipe, uploaded);
  }

  write(data: string | Uint8Array): Promise<void> {
    return this.#pipe.write(data);
  }

  async flush(): Promise<void> {}

  async close(how: 'publish' | 'discard'): Promise<void> {
    this.#pipe.end(how === 'discard' ? new OffshoreError('aborted') : undefined);
    const failure = await this.#uploaded;
    if (how === 'publish' && failure !== undefined) throw failure;
  }
}
