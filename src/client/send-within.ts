// One message with a deadline of its own. Tells "time was up" (`timeout`, worth another try) from "the caller stopped" (`aborted`).

import { toAbortError } from '../async/abort.ts';
import { within } from '../async/deadline.ts';
import type { Clock } from '../base/clock.ts';
import { fromProblemAnswer } from '../protocol/problem.ts';
import type { Answer, Message, Send } from '../protocol/send.ts';

/** The answer, whatever its status. */
export async function sendWithin(message: Message, ms: number, deps: { readonly send: Send; readonly clock: Clock }, signal: AbortSignal): Promise<Answer> {
  return within(signal, ms, deps.clock, async (inner) => {
    try {
      return await deps.send(message, inner);
    } catch (error) {
      // Send says `aborted` for both; the signal knows why.
      throw inner.aborted ? toAbortError(inner) : error;
    }
  });
}

/** The answer when it is a success; throws the error it carries otherwise. */
export function mustSucceed(answer: Answer, from: string): Answer {
  if (answer.status >= 400) throw fromProblemAnswer(answer, from);
  return answer;
}
