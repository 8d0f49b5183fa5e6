// One request and its answer as API routes see them: bodies in, bodies out, the same code on sockets and on Hono's `app.fetch`.
// On sockets bodies never pass through web objects (facts.md 1: 0.4 ms a MiB); in tests they do, and nothing else differs.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Hono } from 'hono';
import { getDotPath, safeParse, type GenericSchema, type InferOutput } from 'valibot';
import { mustExist } from '../../base/assert.ts';
import { concatBytes, emptyBytes, totalBytes } from '../../base/bytes.ts';
import { OffshoreError } from '../../base/errors.ts';
import { decodeUtf8, encodeUtf8 } from '../../base/utf8.ts';
import type { SocketBindings } from '../../platform/http-server.ts';
import { headerNames, jsonType } from '../../protocol/headers.ts';
import { routes, type RouteName } from '../../protocol/routes.ts';
import type { Headers as SentHeaders } from '../../protocol/send.ts';
import type { BodyBudget } from './body-budget.ts';

/** What `api.ts` puts into every request's context under `frameKey`. */
export interface Frame {
  /** Headers of every answer: cluster and protocol. */
  readonly common: SentHeaders;
  /** Share of this request in the bodies under way; given back when it is answered. */
  readonly budget: BodyBudget;
  /** The route that took the request; a label of metrics. */
  route: RouteName | undefined;
}

export const frameKey = 'offshoreFrame';

/** Answers one request. `signal` aborts when the peer hangs up. Whatever it throws becomes a problem (`api.ts`). */
export type Handler = (c: Context, signal: AbortSignal) => Promise<Response>;

/** Serves a route of the table. Hono runs HEAD requests through GET routes, so where the table has both, the method decides here. */
export function mount(app: Hono, route: RouteName, handler: Handler): void {
  const { pattern, method } = routes[route];
  const withHead = Object.values(routes).some((each) => each.method === 'HEAD' && each.pattern === pattern);
  const isMine = (actual: string): boolean => (method === 'HEAD' ? actual === 'HEAD' : !(withHead && actual === 'HEAD'));
  app.on(method === 'HEAD' ? 'GET' : method, pattern, async (c, next) => {
    if (!isMine(c.req.method)) return next();
    frameOf(c).route = route;
    return handler(c, c.req.raw.signal);
  });
}

export interface AnswerParts {
  readonly status: number;
  readonly headers?: SentHeaders;
  readonly body?: readonly Uint8Array[];
}

/** Tells @hono/node-server that the answer went out already (`utils/response` of that package). */
const alreadySentHeaders = { 'x-hono-already-sent': 'true' };

/**
 * The whole body. Throws `body-too-large` before anything is read when the length says so, `overloaded` when too many bodies are
 * under way, `aborted` when the peer hangs up or `signal` says so.
 */
export async function readBody(c: Context, bytesMax: number, signal: AbortSignal): Promise<Uint8Array> {
  const length = contentLength(c);
  if (length !== undefined && length > bytesMax) throw tooLarge(bytesMax);
  const { incoming } = socketOf(c);
  if (incoming === undefined) return readWebBody(c, bytesMax);
  frameOf(c).budget.take(length ?? bytesMax);
  return collect(incoming, { length, bytesMax }, signal);
}

/** Body as JSON of this shape. Throws `bad-request` with `field` and `problem`. */
export async function readJson<const Schema extends GenericSchema>(c: Context, schema: Schema, bytesMax: number, signal: AbortSignal): Promise<InferOutput<Schema>> {
  const text = decodeUtf8(await readBody(c, bytesMax, signal));
  if (text === undefined) throw new OffshoreError('bad-request', { field: 'body', problem: 'is not UTF-8' });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new OffshoreError('bad-request', { field: 'body', problem: 'is not JSON' }, { cause });
  }
  const result = safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new OffshoreError('bad-request', { field: getDotPath(issue) ?? 'body', problem: issue.message });
}

/** Query parameters of this shape: every value is text, absent ones are undefined. Throws `bad-request`. */
export function readQuery<const Schema extends GenericSchema>(c: Context, schema: Schema): InferOutput<Schema> {
  const result = safeParse(schema, c.req.query(), { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new OffshoreError('bad-request', { field: getDotPath(issue) ?? 'query', problem: issue.message });
}

export function answerJson(c: Context, value: unknown, status = 200): Promise<Response> {
  return answer(c, { status, headers: { [headerNames.contentType]: jsonType }, body: [encodeUtf8(JSON.stringify(value))] });
}

/** Resolves when the answer was handed to the kernel, or when nobody is there any more to take it. */
export async function answer(c: Context, parts: AnswerParts): Promise<Response> {
  const body = parts.body ?? [];
  const headers: Record<string, string> = { ...frameOf(c).common, ...parts.headers };
  headers[headerNames.contentLength] ??= String(totalBytes(body));
  const { outgoing } = socketOf(c);
  if (outgoing === undefined) return new Response(body.length === 0 ? null : (concatBytes(body) as Uint8Array<ArrayBuffer>), { status: parts.status, headers });
  await sendParts(outgoing, { status: parts.status, headers, body });
  return new Response(null, { headers: alreadySentHeaders });
}

/** The objects of the socket; empty when the request did not come over one. */
export function socketOf(c: Context): Partial<SocketBindings> {
  return (c.env ?? {}) as Partial<SocketBindings>;
}

export function frameOf(c: Context): Frame {
  const frame: Frame | undefined = c.get(frameKey);
  return mustExist(frame, 'requests come through the frame of api.ts');
}

function contentLength(c: Context): number | undefined {
  const text = c.req.header(headerNames.contentLength);
  return text === undefined ? undefined : Number(text);
}

function tooLarge(bytesMax: number): OffshoreError {
  return new OffshoreError('body-too-large', { bytesMax });
}

function hungUp(cause: unknown): OffshoreError {
  return new OffshoreError('aborted', { reason: 'the peer hung up' }, { cause });
}

async function readWebBody(c: Context, bytesMax: number): Promise<Uint8Array> {
  const body = new Uint8Array(await c.req.arrayBuffer());
  if (body.length > bytesMax) throw tooLarge(bytesMax);
  return body;
}

interface Expected {
  readonly length: number | undefined;
  readonly bytesMax: number;
}

function collect(incoming: IncomingMessage, expected: Expected, signal: AbortSignal): Promise<Uint8Array> {
  if (expected.length === 0) return Promise.resolve(emptyBytes);
  return new Promise((resolve, reject) => {
    // Not zeroed: all of it is overwritten, or the body is incomplete and never seen.
    const whole = expected.length === undefined ? undefined : Buffer.allocUnsafeSlow(expected.length);
    const parts: Uint8Array[] = [];
    let at = 0;
    const onData = (part: Uint8Array): void => {
      if (at + part.length > (whole?.length ?? expected.bytesMax)) return fail(tooLarge(expected.bytesMax));
      if (whole === undefined) parts.push(part);
      else whole.set(part, at);
      at += part.length;
    };
    const onEnd = (): void => {
      if (whole !== undefined && at < whole.length) return fail(hungUp(undefined));
      release();
      resolve(whole ?? concatBytes(parts));
    };
    const onClose = (): void => fail(hungUp(undefined));
    const onError = (error: unknown): void => fail(hungUp(error));
    const onAbort = (): void => fail(new OffshoreError('aborted', {}, { cause: signal.reason }));
    const release = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (error: OffshoreError): void => {
      release();
      reject(error);
    };
    if (signal.aborted || incoming.destroyed) return fail(hungUp(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    // The error listener stays: an error after we stopped listening must not become an uncaught one.
    incoming.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onError);
  });
}

function sendParts(outgoing: ServerResponse, parts: Required<AnswerParts>): Promise<void> {
  return new Promise((resolve) => {
    if (outgoing.destroyed || outgoing.headersSent) return resolve();
    outgoing.once('finish', resolve);
    outgoing.once('close', resolve);
    outgoing.writeHead(parts.status, parts.headers);
    // Corked, head and parts leave in one writev; the parts are in memory anyway, so there is nothing to hold back.
    outgoing.cork();
    for (const part of parts.body) outgoing.write(part);
    outgoing.end();
    outgoing.uncork();
  });
}
