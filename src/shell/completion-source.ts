// Candidates for TAB: commands, options, variables, and names of both trees. Must never hang or throw: what does not come
// within the deadline is left out, what goes wrong is no candidate. Listings are kept for two seconds.

import { limits } from '../base/limits.ts';
import { optionNames } from './base-command.ts';
import { quoteCandidate, requestCompletion, sidesOf, splitTyped, type CompletionRequest } from './core/complete.ts';
import { escapeControls } from './core/format.ts';
import { resolveRemote } from './core/remote-path.ts';
import { listLocal, findLocal, resolveLocal } from './local-files.ts';
import type { Registry } from './registry.ts';
import type { ShellSession } from './session.ts';

export interface Completion {
  /** Where in the line the candidates go; everything from here to the cursor is replaced. */
  readonly start: number;
  readonly candidates: readonly string[];
}

interface Candidate {
  readonly text: string;
  /** `open`: typing goes on (a directory); `closed`: the word is done. */
  readonly end: 'open' | 'closed';
}

interface Listed {
  readonly name: string;
  readonly isDirectory: boolean;
}

export class CompletionSource {
  readonly #session: ShellSession;
  readonly #registry: Registry;
  readonly #cache = new Map<string, { readonly atMs: number; readonly entries: readonly Listed[] }>();

  constructor(session: ShellSession, registry: Registry) {
    this.#session = session;
    this.#registry = registry;
  }

  async complete(before: string): Promise<Completion> {
    const none: Completion = { start: before.length, candidates: [] };
    try {
      const request = requestCompletion(before, this.#session.lookup);
      const found = await this.#withDeadline((signal) => this.#find(request, signal));
      return { start: request.replace.start, candidates: finished(found, request) };
    } catch {
      return none;
    }
  }

  async #find(request: CompletionRequest, signal: AbortSignal): Promise<readonly Candidate[]> {
    switch (request.kind) {
      case 'command': return closed([...this.#registry.names(), ...this.#session.aliases.keys()].filter((name) => name.startsWith(request.typed)));
      case 'option': {
        const commandClass = this.#registry.find(request.command);
        return commandClass === undefined ? [] : closed(optionNames(commandClass).filter((name) => name.startsWith(request.typed)));
      }
      case 'variable': return closed([...this.#session.variables.keys()].filter((name) => name.startsWith(request.typed)));
      case 'local-file': return this.#names('local', request.typed, signal);
      case 'operand': return this.#operand(request, signal);
    }
  }

  async #operand(request: Extract<CompletionRequest, { kind: 'operand' }>, signal: AbortSignal): Promise<readonly Candidate[]> {
    const commandClass = this.#registry.find(request.command);
    if (commandClass === undefined) return [];
    if (commandClass.side === 'command') return closed(this.#registry.names().filter((name) => name.startsWith(request.typed)));
    for (const side of sidesOf(commandClass.side, request.index)) {
      const found = await this.#names(side, request.typed, signal);
      if (found.length > 0) return found;
    }
    return [];
  }

  async #names(side: 'remote' | 'local', typed: string, signal: AbortSignal): Promise<readonly Candidate[]> {
    const { directory, prefix } = splitTyped(typed);
    const entries = await this.#list(side, directory, signal);
    return entries
      .filter(({ name }) => name.startsWith(prefix) && (prefix.startsWith('.') || !name.startsWith('.')))
      // A name that holds control characters cannot be typed, and must not reach the terminal raw.
      .filter(({ name }) => escapeControls(name) === name)
      .map(({ name, isDirectory }) => ({ text: `${directory}${name}${isDirectory ? '/' : ''}`, end: isDirectory ? 'open' : 'closed' }));
  }

  async #list(side: 'remote' | 'local', directory: string, signal: AbortSignal): Promise<readonly Listed[]> {
    const path = side === 'remote' ? resolveRemote(this.#session.cwd, directory) : resolveLocal(this.#session.localCwd, directory, this.#session.lookup('HOME'));
    const key = `${side}:${path}`;
    const nowMs = this.#session.deps.clock.monotonicMs();
    const cached = this.#cache.get(key);
    if (cached !== undefined && nowMs - cached.atMs < limits.completionCacheMs) return cached.entries;
    const entries = side === 'remote' ? await this.#listRemote(path, signal) : await listLocalDirectory(path);
    if (this.#cache.size >= 64) this.#cache.clear();
    this.#cache.set(key, { atMs: nowMs, entries });
    return entries;
  }

  async #listRemote(path: string, signal: AbortSignal): Promise<readonly Listed[]> {
    const entries: Listed[] = [];
    for await (const entry of (await this.#session.remote()).list(path, signal)) {
      entries.push({ name: entry.name, isDirectory: entry.node.kind === 'directory' });
      if (entries.length >= 10 * limits.completionCandidatesMax) break;
    }
    return entries;
  }

  /** What `call` finds in time; nothing when it does not. */
  #withDeadline(call: (signal: AbortSignal) => Promise<readonly Candidate[]>): Promise<readonly Candidate[]> {
    const controller = new AbortController();
    return new Promise((resolve) => {
      const cancel = this.#session.deps.clock.schedule(limits.completionDeadlineMs, () => {
        controller.abort();
        resolve([]);
      });
      call(controller.signal).catch(() => []).then((found) => {
        cancel();
        resolve(found);
      }, () => resolve([]));
    });
  }
}

async function listLocalDirectory(path: string): Promise<readonly Listed[]> {
  const entries: Listed[] = [];
  for (const entry of await listLocal(path)) {
    if (entry.kind === 'bad-name') continue;
    const isDirectory = entry.kind === 'directory' || (entry.kind === 'symlink' && (await findLocal(`${path}/${entry.name}`, 'final-symlink'))?.kind === 'directory');
    entries.push({ name: entry.name, isDirectory });
    if (entries.length >= 10 * limits.completionCandidatesMax) break;
  }
  return entries;
}

function closed(names: readonly string[]): Candidate[] {
  return [...new Set(names)].sort().map((text) => ({ text, end: 'closed' }));
}

/** Quoted as the line needs it; a single finished word gets its space. */
function finished(found: readonly Candidate[], request: CompletionRequest): string[] {
  const kept = found.slice(0, limits.completionCandidatesMax);
  if (request.kind === 'variable') return kept.map((candidate) => candidate.text);
  const isOnly = kept.length === 1;
  return kept.map((candidate) => {
    const isDone = isOnly && candidate.end === 'closed';
    return quoteCandidate(candidate.text, request.replace, isDone ? 'closed' : 'open') + (isDone ? ' ' : '');
  });
}
