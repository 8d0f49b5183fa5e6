// set, unset, env, alias, unalias, history, source: the shell's own memory.

import { OffshoreError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { exitStatus, UsageProblem } from '../../failure.ts';
import { readLocalText } from '../../local-files.ts';

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

export class SetCommand extends ShellCommand {
  static override readonly names = ['set'];
  static override readonly side = 'none';
  static readonly help = {
    category: 'Session', description: 'Set variables and options',
    details: 'set NAME=VALUE …; NAME=VALUE alone does the same.\nset -e: stop at the first failure (set +e: go on).\nset +o failglob: a pattern that matches nothing stays as it is (set -o failglob: it is an error).',
  } as const;

  words = Option.Proxy({ name: 'setting' });

  async execute(): Promise<void> {
    if (this.words.length === 0) {
      for (const [name, value] of [...this.session.variables].sort(([left], [right]) => (left < right ? -1 : 1))) await this.line(this.safe(`${name}=${value}`));
      return;
    }
    const words = this.words.map((word) => this.literal(word));
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] ?? '';
      const assignment = /^([^=]+)=([^]*)$/.exec(word);
      if (word === '--help') await this.run.interpreter.runText('help set', this.run);
      else if (word === '-e' || word === '+e') this.session.failFast = word === '-e' ? 'on' : 'off';
      else if (word === '-o' || word === '+o') {
        at += 1;
        this.#option(words[at] ?? '', word === '-o' ? 'on' : 'off');
      } else if (assignment !== null && variableName.test(assignment[1] ?? '')) this.session.variables.set(assignment[1] ?? '', assignment[2] ?? '');
      else throw new UsageProblem(`cannot set '${word}': NAME=VALUE, -e, +e, -o or +o is expected`);
    }
  }

  #option(name: string, state: 'on' | 'off'): void {
    if (name === 'failglob') this.session.failGlob = state;
    else if (name === 'errexit') this.session.failFast = state;
    else throw new UsageProblem(`unknown option '${name}': errexit or failglob is expected`);
  }
}

export class Unset extends ShellCommand {
  static override readonly names = ['unset'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Forget variables' } as const;
  operands = Option.Rest({ name: 'name' });

  async execute(): Promise<void> {
    for (const name of this.operands) this.session.variables.delete(this.literal(name));
  }
}

export class Env extends ShellCommand {
  static override readonly names = ['env'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Print all variables' } as const;

  async execute(): Promise<void> {
    for (const [name, value] of [...this.session.variables].sort(([left], [right]) => (left < right ? -1 : 1))) {
      if (this.json) await this.jsonLine({ type: 'variable', name, value });
      else await this.line(this.safe(`${name}=${value}`));
    }
  }
}

export class Alias extends ShellCommand {
  static override readonly names = ['alias'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Give a command another name', examples: [['a short name', 'alias l=\'ls -lh\''], ['forget it', 'unalias l']] } as const;
  operands = Option.Rest({ name: 'name=command' });

  async execute(): Promise<number> {
    const words = this.operands.length === 0 ? [...this.session.aliases.keys()].sort() : this.operands.map((word) => this.literal(word));
    for (const word of words) {
      const match = /^([^=\s]+)=([^]*)$/.exec(word);
      if (match !== null) {
        if (this.session.aliases.size >= limits.shellWordsMax) throw new UsageProblem('too many aliases');
        this.session.aliases.set(match[1] ?? '', match[2] ?? '');
      } else {
        const body = this.session.aliases.get(word);
        if (body === undefined) await this.fail(`${this.safe(word)}: not found`, { exit: exitStatus.failed });
        else await this.line(this.safe(`alias ${word}='${body}'`));
      }
    }
    return this.statusFor(words.length);
  }
}

export class Unalias extends ShellCommand {
  static override readonly names = ['unalias'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Forget aliases' } as const;
  operands = Option.Rest({ name: 'name', required: 1 });

  async execute(): Promise<number> {
    for (const name of this.operands) if (!this.session.aliases.delete(this.literal(name))) await this.fail(`${this.safe(name)}: not found`);
    return this.statusFor(this.operands.length);
  }
}

export class History extends ShellCommand {
  static override readonly names = ['history'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Show the lines typed before', details: 'history N shows the last N, history -c forgets all. !! and !n are not supported: use the arrow keys or Ctrl-R.' } as const;
  countOperand = Option.String({ name: 'count', required: false });
  forget = Option.Boolean('-c', false, { description: 'Forget all' });

  async execute(): Promise<void> {
    if (this.forget) {
      this.session.history.length = 0;
      await this.session.forgetHistory();
      return;
    }
    const lines = this.session.history;
    const count = this.countOperand === undefined ? lines.length : Number(this.literal(this.countOperand));
    if (!Number.isSafeInteger(count) || count < 0) throw new UsageProblem('history takes a number');
    for (const [at, line] of lines.entries()) if (at >= lines.length - count) await this.line(`${String(at + 1).padStart(5)}  ${this.safe(line)}`);
  }
}

export class Source extends ShellCommand {
  static override readonly names = ['source', '.'];
  static override readonly side = 'local';
  static readonly help = { category: 'Session', description: 'Run the commands in a local file' } as const;
  fileOperand = Option.String({ name: 'file', required: true });

  async execute(): Promise<number> {
    const typed = this.literal(this.fileOperand);
    const text = await readLocalText(this.localPath(typed), limits.shellLineBytesMax);
    if (text === undefined) throw new OffshoreError('not-found', {}, { message: `${typed}: No such file or directory` });
    return this.run.interpreter.runText(text, this.run);
  }
}
