// What a directive prints. At level `none` nothing is printed but errors.

import { ScriptError } from './script.ts';

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'NONE'];

export class Output {
  #text = '';
  #level = 'DEBUG';

  get level(): string {
    return this.#level;
  }

  setLevel(name: string): void {
    const level = name.toUpperCase();
    if (!levels.includes(level)) throw new ScriptError(`log levels must be either of [${levels.join(' ')}]`);
    this.#level = level;
  }

  print(text: string): void {
    if (this.#level !== 'NONE') this.#text += text;
  }

  printLine(text: string): void {
    this.print(`${text}\n`);
  }

  /** What `run` prints is indented by two. */
  indented(run: () => void): void {
    const before = this.#text;
    this.#text = '';
    try {
      run();
    } finally {
      const lines = this.#text.split('\n');
      if (lines.at(-1) === '') lines.pop();
      this.#text = before + lines.map((line) => `  ${line}\n`).join('');
    }
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}
