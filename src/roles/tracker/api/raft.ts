// Routes between trackers that are plain HTTP: who they are, pages of a state for a follower that fell behind (the Raft node answers
// those), and what the state hashes to.

import type { Context, Hono } from 'hono';
import { mustExist } from '../../../base/assert.ts';
import type { StateHashAnswer } from '../../../protocol/tracker-api.ts';
import { answer, answerJson, mount } from '../../http/exchange.ts';
import { ownMarks } from '../state-comparison.ts';
import type { TrackerRaft } from '../tracker-raft.ts';

export function mountRaftApi(app: Hono, deps: { readonly raft: TrackerRaft }): void {
  const handle = async (c: Context): Promise<Response> => {
    const { pathname, search } = new URL(c.req.url);
    const answered = deps.raft.handle({ method: 'GET', path: pathname + search });
    return answer(c, await mustExist(answered, 'the Raft node answers every path mounted for it'));
  };
  mount(app, 'stateHash', (c) => answerJson(c, { marks: ownMarks(deps.raft) } satisfies StateHashAnswer));
  mount(app, 'identity', handle);
  mount(app, 'snapshot', handle);
}
