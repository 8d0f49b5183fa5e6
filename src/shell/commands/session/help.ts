// help: every command on a line, one command in full, and topics. Needs no tracker.

import { errorCodes } from '../../../base/error-codes.ts';
import { Option, ShellCommand, usageOf, type Category, type ShellCommandClass } from '../../base-command.ts';
import { suggest } from '../../core/suggest.ts';
import { exitStatus, quoteName } from '../../failure.ts';

const categories: readonly Category[] = ['Look', 'Transfer', 'Change', 'Cluster', 'Session'];

const topics: Readonly<Record<string, string>> = {
  'quoting': `Words are separated by white space. 'single quotes' keep everything; "double quotes" keep everything but $ and \\;
a backslash keeps the next character. # begins a comment where a word could begin.
;  and the end of a line separate commands, && and || depend on the status before, | sends output to the next command.
> FILE, >> FILE and < FILE are local files; > offshore:/path is a remote one, written whole when the command succeeds.
$NAME, \${NAME}, \${NAME:-default} and $? stand for values; NAME=value sets one. A value is never split into words.
There are no background jobs (&), no $(…), no if and for.
`,
  'globbing': `* any characters, ? one, [a-z] one of these, [!a-z] none of these, ** any directories; {a,b} makes two words.
A leading dot must be written out. Operands that are remote are matched in the cluster, those that are local (put, lcd, lls) here.
A pattern that matches nothing is an error; after set +o failglob it stays as it is. Quote a pattern to keep it: find -name '*.log'.
`,
  'config': `Trackers: --tracker URL,URL, else OFFSHORE_TRACKER, else the cluster.json in OFFSHORE_DISKS (default .disks), else
http://127.0.0.1:7001, :7002 and :7003. OFFSHORE_CWD is the first remote directory.
History is kept in $XDG_STATE_HOME/offshore/history (default ~/.local/state), readable by you only.
NO_COLOR, FORCE_COLOR and --color=auto|always|never decide about colour.
`,
};

export function helpClass(classes: () => readonly ShellCommandClass[]): ShellCommandClass {
  return class Help extends ShellCommand {
    static override readonly names = ['help', 'h', '?'];
    static override readonly side = 'command';
    static readonly help = { category: 'Session', description: 'Show commands, one command, or a topic', details: `Topics: exit-codes, ${Object.keys(topics).join(', ')}.` } as const;

    topicOperand = Option.String({ name: 'command|topic', required: false });
    all = Option.Boolean('--all', false, { description: 'Aliases too' });

    async execute(): Promise<number> {
      if (this.topicOperand === undefined) return this.#overview();
      const name = this.literal(this.topicOperand);
      const topic = name === 'exit-codes' ? exitCodes() : Object.hasOwn(topics, name) ? topics[name] : undefined;
      const found = classes().find((each) => each.names.includes(name));
      if (topic !== undefined) await this.print(topic);
      else if (found !== undefined) await this.print(usageOf(found));
      else {
        const meant = suggest(name, [...classes().flatMap((each) => each.names), ...Object.keys(topics), 'exit-codes']);
        await this.fail(`no help for ${quoteName(name)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`, { exit: exitStatus.failed });
        return exitStatus.failed;
      }
      return exitStatus.ok;
    }

    async #overview(): Promise<number> {
      if (this.json) {
        for (const each of classes()) await this.jsonLine({ type: 'command', name: each.names[0], aliases: each.names.slice(1), category: each.help.category, description: each.help.description });
        return exitStatus.ok;
      }
      for (const category of categories) {
        await this.line(this.paint(category, 'bold'));
        for (const each of classes().filter((one) => one.help.category === category)) {
          const names = this.all ? each.names.join(', ') : shownNames(each);
          await this.line(`  ${names.padEnd(24)} ${each.help.description}`);
        }
      }
      await this.line(`\nhelp COMMAND tells more; topics: exit-codes, ${Object.keys(topics).join(', ')}`);
      return exitStatus.ok;
    }
  };
}

/** The name and the original shell's word for it. */
function shownNames(commandClass: ShellCommandClass): string {
  return commandClass.names.slice(0, 3).join(', ');
}

function exitCodes(): string {
  const meanings: readonly (readonly [number, string])[] = [
    [0, 'all went well'], [1, 'something failed, or some of several operands did'], [2, 'the command was written wrongly'], [3, 'not a directory, or is one'],
    [4, 'not found'], [5, 'not available now: no leader, no quorum, time-out; repeating may help'], [6, 'permission denied'], [7, 'exists already, or changed in the meantime'],
    [8, 'no space or quota left'], [9, 'damaged data detected'], [126, 'cannot run'], [127, 'command not found'], [130, 'interrupted by Ctrl-C'], [141, 'the reader of the output left'], [143, 'terminated'],
  ];
  return meanings.map(([exit, meaning]) => {
    const codes = exit >= 3 && exit <= 9 ? Object.entries(errorCodes).filter(([, row]) => row.exit === exit).map(([code]) => code) : [];
    return `${String(exit).padStart(3)}  ${meaning}${codes.length === 0 ? '' : `\n     ${codes.join(', ')}`}\n`;
  }).join('');
}
