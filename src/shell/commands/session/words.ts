// Small words of a shell: echo, true, false, sleep, time, exit, clear, version.

import { formatDuration, parseDuration } from '../../core/format.ts';
import { Option, ShellCommand } from '../../base-command.ts';
import { fromArgv } from '../../command-run.ts';
import { exitStatus, UsageProblem } from '../../failure.ts';

export class Echo extends ShellCommand {
  static override readonly names = ['echo'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Print words', details: 'echo -n prints no newline. Patterns are printed as they are.' } as const;

  words = Option.Proxy({ name: 'word' });

  async execute(): Promise<void> {
    const isBare = this.words[0] === '-n';
    const text = (isBare ? this.words.slice(1) : this.words).map((word) => this.literal(word)).join(' ');
    await this.print(this.run.stdout.isTerminal ? text.split('\n').map((line) => this.safe(line)).join('\n') : text);
    if (!isBare) await this.print('\n');
  }
}

export class True extends ShellCommand {
  static override readonly names = ['true', ':'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Do nothing, successfully' } as const;
  words = Option.Proxy();

  async execute(): Promise<void> {}
}

export class False extends ShellCommand {
  static override readonly names = ['false'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Do nothing, unsuccessfully' } as const;
  words = Option.Proxy();

  async execute(): Promise<number> {
    return exitStatus.failed;
  }
}

export class Sleep extends ShellCommand {
  static override readonly names = ['sleep'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Wait', examples: [['half a second', 'sleep 0.5'], ['two minutes', 'sleep 2m']] } as const;

  durationOperand = Option.String({ name: 'time', required: true });

  async execute(): Promise<void> {
    const ms = parseDuration(this.literal(this.durationOperand));
    if (ms === undefined) throw new UsageProblem(`invalid time: '${this.literal(this.durationOperand)}'`);
    await this.session.sleep(ms, this.signal);
  }
}

export class Time extends ShellCommand {
  static override readonly names = ['time'];
  static override readonly side = 'command';
  static readonly help = { category: 'Session', description: 'Run a command and say how long it took' } as const;

  words = Option.Proxy({ name: 'command' });

  async execute(): Promise<number> {
    if (this.words.length === 0) throw new UsageProblem('a command is missing');
    const startMs = this.session.deps.clock.monotonicMs();
    if (this.run.interpreter.depth > 100) throw new UsageProblem('nested too deeply');
    const status = await this.run.interpreter.runArguments(fromArgv(this.words), this.run);
    await this.note(`real ${formatDuration(this.session.deps.clock.monotonicMs() - startMs)}`);
    return status;
  }
}

export class Exit extends ShellCommand {
  static override readonly names = ['exit', 'e', 'quit'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Leave the shell', details: 'With a number: that is the status, else the status of the last command.' } as const;

  statusOperand = Option.String({ name: 'status', required: false });

  async execute(): Promise<number> {
    const text = this.statusOperand === undefined ? String(this.session.lastStatus) : this.literal(this.statusOperand);
    if (!/^\d{1,9}$/.test(text)) throw new UsageProblem(`a number is needed: '${text}'`);
    this.session.exitStatus = Number(text) & 255;
    return this.session.exitStatus;
  }
}

export class Clear extends ShellCommand {
  static override readonly names = ['clear'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Clear the screen (also Ctrl-L)' } as const;

  async execute(): Promise<void> {
    if (this.run.stdout.isTerminal) await this.print('\x1b[H\x1b[2J\x1b[3J');
  }
}

export class Version extends ShellCommand {
  static override readonly names = ['version'];
  static override readonly side = 'none';
  static readonly help = { category: 'Session', description: 'Print the version' } as const;

  async execute(): Promise<void> {
    if (this.json) await this.jsonLine({ type: 'version', version: this.session.deps.version });
    else await this.line(`offshore ${this.session.deps.version}`);
  }
}
