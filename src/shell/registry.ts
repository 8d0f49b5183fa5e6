// Names to command classes. A Map, so that `constructor` or `__proto__` typed as a command is simply not found.

import type { ShellCommandClass } from './base-command.ts';

export class Registry {
  readonly classes: readonly ShellCommandClass[];
  readonly #byName = new Map<string, ShellCommandClass>();

  constructor(classes: readonly ShellCommandClass[]) {
    this.classes = classes;
    for (const commandClass of classes) for (const name of commandClass.names) this.#byName.set(name, commandClass);
  }

  find(name: string): ShellCommandClass | undefined {
    return this.#byName.get(name);
  }

  /** Names and aliases in the order of the classes: of two that are equally near, the first is suggested. */
  names(): string[] {
    return [...this.#byName.keys()];
  }
}
