// Routes that read the namespace. Every answer is linearizable: the barrier comes before the state is looked at.

import type { Context, Hono } from 'hono';
import * as v from 'valibot';
import { OffshoreError } from '../../../base/errors.ts';
import { toBase64 } from '../../../base/base64.ts';
import type { LogIndex } from '../../../base/ids.ts';
import { limits } from '../../../base/limits.ts';
import type { ContentsAnswer, ListAnswer, ManifestAnswer, NodeAnswer, UsageAnswer } from '../../../protocol/tracker-api.ts';
import type { FileManifest } from '../../../storage/meta/query-types.ts';
import { answerJson, mount, readQuery } from '../../http/exchange.ts';
import { readState, type TrackerRaft } from '../tracker-raft.ts';
import { queryHex, queryNumber, queryPath } from './schemas.ts';

export function mountNamespaceApi(app: Hono, deps: { readonly raft: TrackerRaft }): void {
  mount(app, 'node', (c, signal) => node(c, deps.raft, signal));
  mount(app, 'list', (c, signal) => list(c, deps.raft, signal));
  mount(app, 'manifest', (c, signal) => manifest(c, deps.raft, signal));
  mount(app, 'contents', (c, signal) => contents(c, deps.raft, signal));
  mount(app, 'usage', (c, signal) => usage(c, deps.raft, signal));
}

const nodeQuery = v.object({ path: queryPath, follow: v.optional(v.picklist(['final-symlink', 'never']), 'final-symlink') });

async function node(c: Context, raft: TrackerRaft, signal: AbortSignal): Promise<Response> {
  const { path, follow } = readQuery(c, nodeQuery);
  const { index, value } = await readState(raft, signal, async (queries) => {
    const found = await queries.stat(path, follow);
    return found.kind === 'directory' ? { node: found, newFileClass: await queries.policy(path) } : { node: found };
  });
  return answerJson(c, { index, ...value } satisfies NodeAnswer);
}

const listQuery = v.object({ path: queryPath, after: v.optional(v.string()), limit: v.optional(queryNumber) });

async function list(c: Context, raft: TrackerRaft, signal: AbortSignal): Promise<Response> {
  const { path, after, limit } = readQuery(c, listQuery);
  const page = { limit: Math.min(Math.max(limit ?? limits.listPageDefault, 1), limits.listPageMax), ...(after === undefined ? {} : { after }) };
  const { index, value } = await readState(raft, signal, (queries) => queries.list(path, page));
  return answerJson(c, { index, ...value } satisfies ListAnswer);
}

const manifestQuery = v.object({ path: queryPath, version: v.optional(queryNumber), page: v.optional(queryNumber), pages: v.optional(queryNumber) });

async function manifest(c: Context, raft: TrackerRaft, signal: AbortSignal): Promise<Response> {
  const { path, version, page, pages } = readQuery(c, manifestQuery);
  const range = {
    fromPage: page ?? 0, pages: Math.min(pages ?? 1, limits.manifestPagesMax),
    ...(version === undefined ? {} : { version: version as LogIndex }),
  };
  const { index, value } = await readState(raft, signal, (queries) => queries.manifest({ kind: 'path', path }, range));
  return answerJson(c, { index, node: value.node, content: toWire(value, range.fromPage) } satisfies ManifestAnswer);
}

function toWire({ node: info, body }: FileManifest, firstPage: number): ManifestAnswer['content'] {
  if (body.kind === 'inline') return { kind: 'inline', base64: toBase64(body.bytes) };
  const { chunkBytes, pageCount, pages } = body;
  return { kind: 'chunked', chunkBytes, storageClass: info.storageClass ?? '', pageCount, firstPage, pages };
}

const contentsQuery = v.object({ prefix: queryHex });

async function contents(c: Context, raft: TrackerRaft, signal: AbortSignal): Promise<Response> {
  const { prefix } = readQuery(c, contentsQuery);
  if (prefix.length < limits.contentPrefixDigitsMin) {
    throw new OffshoreError('bad-request', { field: 'prefix', problem: `has at least ${limits.contentPrefixDigitsMin} hex digits` });
  }
  const { index, value } = await readState(raft, signal, (queries) => queries.findContent(prefix, limits.contentMatchesMax));
  return answerJson(c, { index, matches: value } satisfies ContentsAnswer);
}

const usageQuery = v.object({ path: queryPath });

async function usage(c: Context, raft: TrackerRaft, signal: AbortSignal): Promise<Response> {
  const { path } = readQuery(c, usageQuery);
  const { index, value } = await readState(raft, signal, (queries) => queries.usage(path));
  return answerJson(c, { index, ...value } satisfies UsageAnswer);
}
