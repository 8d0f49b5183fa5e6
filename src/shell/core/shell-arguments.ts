// The words after `offshore`: options of the shell itself, wherever they stand before `--`, and what is to be run.

export interface ShellArguments {
  readonly tracker: string | undefined;
  readonly colour: 'auto' | 'always' | 'never';
  readonly debug: 'off' | 'stacks';
  readonly failFast: 'on' | 'off';
  readonly mode:
    | { readonly kind: 'shell'; readonly commands: readonly string[]; readonly file: string | undefined }
    | { readonly kind: 'one-shot'; readonly words: readonly string[] };
}

export type ShellArgumentsResult =
  | { readonly kind: 'ok'; readonly arguments: ShellArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

export const shellUsage = `Usage: offshore shell [--tracker URL,…] [-c COMMAND]… [-f FILE]
       offshore COMMAND [ARGUMENT]…

A prompt over the cluster's files; with -c, -f or a piped stdin a script; with a command just that.

  --tracker URL,URL          trackers (default: OFFSHORE_TRACKER, the local cluster's cluster.json, 127.0.0.1:7001-7003)
  -c COMMAND                 run this; may be given several times
  -f FILE                    run the commands in this file
  -e, --fail-fast            stop at the first command that fails
  --color=auto|always|never
  --debug                    show stacks of errors

Examples:
  offshore shell                            a prompt
  offshore ls -l /                          one command
  offshore shell -c 'mkdir /a' -c 'put x /a'
  offshore help                             all commands
`;

const valued = ['--tracker', '--color', '-c', '-f'] as const;

export function parseShellArguments(argv: readonly string[]): ShellArgumentsResult {
  const reader = new Reader(argv);
  return reader.read();
}

class Reader {
  readonly #argv: readonly string[];
  #tracker: string | undefined;
  #colour: ShellArguments['colour'] = 'auto';
  #debug: ShellArguments['debug'] = 'off';
  #failFast: ShellArguments['failFast'] = 'off';
  #file: string | undefined;
  readonly #commands: string[] = [];
  #problem: ShellArgumentsResult | undefined;

  constructor(argv: readonly string[]) {
    this.#argv = argv;
  }

  read(): ShellArgumentsResult {
    const words: string[] = [];
    let kind: 'unknown' | 'shell' | 'one-shot' = 'unknown';
    for (let at = 0; at < this.#argv.length && this.#problem === undefined; at += 1) {
      const word = this.#argv[at] ?? '';
      if (word === '--' && kind === 'one-shot') {
        words.push(...this.#argv.slice(at));
        break;
      }
      // In a one-shot only the shell's long options are ours: `ls -f` and `head -c` are the command's.
      const name = word.startsWith('--') ? word.split('=', 1)[0] ?? word : word;
      const isOurs = kind === 'one-shot' ? name === '--tracker' || name === '--color' || name === '--debug' || name === '--fail-fast' : word.startsWith('-');
      if (isOurs) at += this.#option(name, { bound: word.includes('=') && name !== word ? word.slice(name.length + 1) : undefined, next: this.#argv[at + 1] });
      else if (kind === 'unknown' && word === 'shell') kind = 'shell';
      else if (kind === 'shell') this.#problem = { kind: 'wrong', message: `unexpected word '${word}'` };
      else {
        kind = 'one-shot';
        words.push(word);
      }
    }
    if (this.#problem !== undefined) return this.#problem;
    if (kind === 'one-shot' && (this.#commands.length > 0 || this.#file !== undefined)) return { kind: 'wrong', message: '-c and -f do not go with a command' };
    return {
      kind: 'ok',
      arguments: {
        tracker: this.#tracker, colour: this.#colour, debug: this.#debug, failFast: this.#failFast,
        mode: kind === 'one-shot' ? { kind: 'one-shot', words } : { kind: 'shell', commands: this.#commands, file: this.#file },
      },
    };
  }

  /** Returns how many further words the option took. */
  #option(name: string, value: { readonly bound: string | undefined; readonly next: string | undefined }): number {
    const isValued = valued.some((each) => each === name);
    const text = value.bound ?? (isValued ? value.next : undefined);
    if (isValued && text === undefined) this.#problem = { kind: 'wrong', message: `${name} needs a value` };
    switch (name) {
      case '--tracker': this.#tracker = text; break;
      case '--color': this.#setColour(text ?? ''); break;
      case '-c': this.#commands.push(text ?? ''); break;
      case '-f': this.#file = text; break;
      case '-e':
      case '--fail-fast': this.#failFast = 'on'; break;
      case '--debug': this.#debug = 'stacks'; break;
      case '-h':
      case '--help': this.#problem = { kind: 'help' }; break;
      default: this.#problem = { kind: 'wrong', message: `unknown option ${name}` };
    }
    return isValued && value.bound === undefined ? 1 : 0;
  }

  #setColour(text: string): void {
    if (text === 'auto' || text === 'always' || text === 'never') this.#colour = text;
    else this.#problem = { kind: 'wrong', message: '--color is auto, always or never' };
  }
}
