// Runs one script and judges each of its directives.

import { ConfChangeScript } from './conf-change-script.ts';
import { InteractionScript } from './interaction.ts';
import { essence } from './judge.ts';
import { runQuorum } from './quorum-script.ts';
import { parseScript } from './script.ts';
import type { Directive } from './script.ts';

export interface Verdict {
  readonly directive: Directive;
  readonly expected: string;
  readonly actual: string;
}

type Runner = (directive: Directive) => string;

/** `folder` is the last folder of the path; where it says nothing the commands do. */
export function runScript(folder: string, text: string): readonly Verdict[] {
  const directives = parseScript(text);
  const run = runnerFor(folder) ?? runnerFor(kindByCommands(directives)) ?? ((): string => 'unknown kind of script');
  return directives.map((directive) => ({ directive, expected: essence(directive.expected), actual: essence(attempt(run, directive)) }));
}

function runnerFor(kind: string): Runner | undefined {
  switch (kind) {
    case 'interaction': {
      const script = new InteractionScript();
      return (directive) => script.run(directive);
    }
    case 'confchange': {
      const script = new ConfChangeScript();
      return (directive) => script.run(directive);
    }
    case 'quorum': return runQuorum;
    default: return undefined;
  }
}

function kindByCommands(directives: readonly Directive[]): string {
  const commands = new Set(directives.map((directive) => directive.command));
  if (commands.has('committed') || commands.has('vote')) return 'quorum';
  if (commands.has('simple') || commands.has('enter-joint') || commands.has('leave-joint')) return 'confchange';
  return 'interaction';
}

/** A failed assertion is the directive's failure, not the end of the run. */
function attempt(run: Runner, directive: Directive): string {
  try {
    return run(directive);
  } catch (error) {
    return `panic: ${error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error)}`;
  }
}
