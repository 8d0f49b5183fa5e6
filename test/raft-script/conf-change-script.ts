// The commands of etcd's confchange tests: changes of a configuration without a log, printed with the progress of each member.

import { changeSimply, enterJoint, leaveJoint } from '../../src/raft/core/conf-change.ts';
import type { ConfChangeOutcome } from '../../src/raft/core/conf-change.ts';
import { describeConfiguration, describeProgress } from '../../src/raft/core/describe.ts';
import { Tracker } from '../../src/raft/core/tracker.ts';
import { parseChanges, valueOf } from './arguments.ts';
import { ScriptError } from './script.ts';
import type { Directive } from './script.ts';

export class ConfChangeScript {
  readonly #tracker = new Tracker({ messages: 10, bytes: Infinity });
  /** Grows with every directive, so that it shows when a member was added. */
  #lastIndex = 0;

  run(directive: Directive): string {
    try {
      const outcome = this.#change(directive);
      if (outcome.kind === 'refused') return `${outcome.reason}\n`;
      this.#tracker.switchTo({ ...outcome, lastIndex: this.#lastIndex });
      return this.#describe();
    } catch (error) {
      if (error instanceof ScriptError) return `${error.message}\n`;
      throw error;
    } finally {
      this.#lastIndex += 1;
    }
  }

  #change(directive: Directive): ConfChangeOutcome {
    const changes = parseChanges(directive.input);
    const before = this.#tracker.configuration;
    switch (directive.command) {
      case 'simple': return changeSimply(before, changes);
      case 'enter-joint': return enterJoint(before, changes, valueOf(directive, 'autoleave') === 'true' ? 'auto' : 'explicit');
      case 'leave-joint':
        if (changes.length > 0) throw new ScriptError('this command takes no input');
        return leaveJoint(before);
      default: throw new ScriptError('unknown command');
    }
  }

  #describe(): string {
    const progress = [...this.#tracker.progress()].map(([id, member]) => `${id}: ${describeProgress(member.status())}\n`);
    return `${describeConfiguration(this.#tracker.configuration)}\n${progress.join('')}`;
  }
}
