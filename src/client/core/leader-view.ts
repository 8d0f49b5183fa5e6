// What a client believes about the trackers: who leads, who failed lately, whom it reads from. Decides whom to ask next.
// A belief only: a wrong one costs a hop, never a wrong answer.

import { unreachable } from '../../base/assert.ts';
import { limits } from '../../base/limits.ts';

export interface LeaderView {
  /** Base URLs, those configured first; bounded by `limits.trackersKnownMax`. */
  readonly trackers: readonly string[];
  readonly leader?: string;
  /** Whom reads go to while it is well: one tracker, so that a client's reads share its connection and caches. */
  readonly reader?: string;
  /** When a tracker last failed to answer; absent after it answered again. */
  readonly failedAtMs: Readonly<Record<string, number>>;
}

export type TrackerNews =
  /** It answered a read. */
  | { readonly kind: 'answered'; readonly url: string }
  /** It carried out a mutation, so it leads. */
  | { readonly kind: 'led'; readonly url: string }
  /** It does not lead; `leader` is whom it names, if anyone. */
  | { readonly kind: 'not-leader'; readonly url: string; readonly leader?: string }
  /** It did not answer, or cannot serve now. */
  | { readonly kind: 'failed'; readonly url: string; readonly nowMs: number };

export type Purpose = 'read' | 'lead';

export function newLeaderView(trackers: readonly string[]): LeaderView {
  return { trackers: [...new Set(trackers)], failedAtMs: {} };
}

export function learn(view: LeaderView, news: TrackerNews): LeaderView {
  switch (news.kind) {
    case 'answered': return { ...recovered(view, news.url), reader: news.url };
    case 'led': return { ...recovered(view, news.url), leader: news.url };
    case 'not-leader': return onNotLeader(recovered(view, news.url), news);
    case 'failed': return onFailed(view, news);
    default: return unreachable(news);
  }
}

/**
 * The tracker to ask next, none of `tried`; undefined when this round asked everyone. `turn` spreads clients over the trackers.
 * A failed tracker comes last, not never: all may have failed.
 */
export function nextTracker(view: LeaderView, ask: { readonly purpose: Purpose; readonly tried: ReadonlySet<string>; readonly turn: number; readonly nowMs: number }): string | undefined {
  const favourite = ask.purpose === 'lead' ? view.leader : view.reader;
  if (favourite !== undefined && !ask.tried.has(favourite)) return favourite;
  const open = rotate(view.trackers, ask.turn).filter((url) => !ask.tried.has(url));
  return open.find((url) => !failedLately(view, url, ask.nowMs)) ?? open[0];
}

function onNotLeader(view: LeaderView, news: Extract<TrackerNews, { kind: 'not-leader' }>): LeaderView {
  const { leader: before, ...rest } = view;
  const named = news.leader !== undefined && isBaseUrl(news.leader) ? news.leader : undefined;
  if (named !== undefined && named !== news.url) return withTracker({ ...view, leader: named }, named);
  return before === undefined || before === news.url ? rest : view;
}

function onFailed(view: LeaderView, news: Extract<TrackerNews, { kind: 'failed' }>): LeaderView {
  const { leader, reader, ...rest } = view;
  return {
    ...rest,
    ...(leader !== undefined && leader !== news.url ? { leader } : {}),
    ...(reader !== undefined && reader !== news.url ? { reader } : {}),
    failedAtMs: { ...view.failedAtMs, [news.url]: news.nowMs },
  };
}

function recovered(view: LeaderView, url: string): LeaderView {
  if (view.failedAtMs[url] === undefined) return view;
  const { [url]: _, ...failedAtMs } = view.failedAtMs;
  return { ...view, failedAtMs };
}

/** A leader that is not configured (a new member, another spelling) is asked from now on too. */
function withTracker(view: LeaderView, url: string): LeaderView {
  const known = view.trackers.includes(url) || view.trackers.length >= limits.trackersKnownMax;
  return known ? view : { ...view, trackers: [...view.trackers, url] };
}

function failedLately(view: LeaderView, url: string, nowMs: number): boolean {
  const failedAt = view.failedAtMs[url];
  return failedAt !== undefined && nowMs - failedAt < limits.nodePenaltyMs;
}

function isBaseUrl(text: string): boolean {
  return /^https?:\/\/[^/\s]+$/.test(text);
}

function rotate<T>(items: readonly T[], turn: number): readonly T[] {
  const at = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
