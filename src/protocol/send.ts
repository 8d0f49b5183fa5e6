// The one port for traffic between parts (`layout.md` rule 6): a message goes out, an answer comes back.
// platform/http-send maps it to sockets, test/support/in-process-send to a role's handler without any.

/** Lower-case header names, as Node gives them. */
export type Headers = Readonly<Record<string, string>>;

export interface Message {
  /** Base URL of the node asked, `http://127.0.0.1:7001`. */
  readonly to: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Path with query, encoded. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: readonly Uint8Array[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: readonly Uint8Array[];
}

/**
 * Throws OffshoreError `unreachable` when no answer can come, `timeout` past the message's deadline, `aborted` when `signal` says so.
 * Every status is an answer, errors included (`protocol/problem.ts` reads those).
 */
export type Send = (message: Message, signal: AbortSignal) => Promise<Answer>;
