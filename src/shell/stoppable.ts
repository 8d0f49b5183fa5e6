// A line that can be stopped: the first Ctrl-C asks its commands to end, a second within a second stops waiting for them.

import { OffshoreError } from '../base/errors.ts';
import { second } from '../base/limits.ts';
import type { CommandStreams } from './command-run.ts';
import { exitStatus } from './failure.ts';
import type { ShellSession } from './session.ts';
import { CuttableSink } from './sink.ts';

interface Running {
  readonly controller: AbortController;
  readonly give: (status: number) => void;
  readonly sinks: readonly CuttableSink[];
}

export class Stoppable {
  readonly #session: ShellSession;
  #running: Running | undefined;
  #askedAtMs: number | undefined;

  constructor(session: ShellSession) {
    this.#session = session;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  run(call: (streams: CommandStreams) => Promise<number>): Promise<number> {
    const controller = new AbortController();
    const stdout = new CuttableSink(this.#session.options.stdout);
    const stderr = new CuttableSink(this.#session.options.stderr);
    this.#askedAtMs = undefined;
    return new Promise((resolve) => {
      const give = (status: number): void => {
        this.#running = undefined;
        resolve(status);
      };
      this.#running = { controller, give, sinks: [stdout, stderr] };
      call({ stdin: this.#session.options.stdin, stdout, stderr, signal: controller.signal }).then(
        (status) => give(controller.signal.aborted ? exitStatus.interrupted : status),
        // The interpreter turns everything into a status; only a bug in it ends here, and the shell outlives that too.
        () => give(exitStatus.failed),
      );
    });
  }

  /** Says whether it was the second in a row, which nobody waits for any more. */
  interrupt(): 'asked' | 'killed' | 'nothing-runs' {
    const running = this.#running;
    if (running === undefined) return 'nothing-runs';
    const nowMs = this.#session.deps.clock.monotonicMs();
    const isAgain = this.#askedAtMs !== undefined && nowMs - this.#askedAtMs < second;
    this.#askedAtMs = nowMs;
    running.controller.abort(new OffshoreError('aborted'));
    if (!isAgain) return 'asked';
    for (const sink of running.sinks) sink.cut();
    running.give(exitStatus.interrupted);
    return 'killed';
  }
}
