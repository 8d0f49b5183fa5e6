// Folders of states under one data folder: opens the current one, receives another beside it, removes the rest.
// Which one is current is the log store's to say; nothing here decides it.

import { OffshoreError } from '../../base/errors.ts';
import type { FileIo } from '../file-io.ts';
import { openGuardedKv } from '../kv/kv-guarded.ts';
import type { OpenKv } from '../kv/kv.ts';
import type { StateFolders, StateStaging } from '../state-machine.ts';
import type { CommandResult } from './core/command.ts';
import { MetaMachine, type MachineDeps, type MachineOptions } from './machine.ts';
import { MetaStaging } from './snapshot-stream.ts';

export interface MetaFoldersOptions extends MachineOptions {
  /** Holds one folder a state, and nothing else. */
  readonly parent: string;
}

export type MetaFoldersDeps = Omit<MachineDeps, 'kv'> & { readonly open: OpenKv; readonly io: FileIo };

export class MetaFolders implements StateFolders<readonly CommandResult[]> {
  readonly #options: MetaFoldersOptions;
  readonly #deps: MetaFoldersDeps;

  constructor(options: MetaFoldersOptions, deps: MetaFoldersDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  async open(folder: string): Promise<MetaMachine> {
    await this.#deps.io.makeFolder(this.#options.parent);
    const kv = await openGuardedKv(this.#deps.open, this.#path(folder));
    try {
      await this.#syncNames();
      return await MetaMachine.open(this.#options, { ...this.#deps, kv });
    } catch (error) {
      await kv.close();
      throw error;
    }
  }

  /** What an earlier attempt left in the folder is removed first. */
  async stage(folder: string): Promise<StateStaging> {
    const { io, open } = this.#deps;
    const path = this.#path(folder);
    await io.makeFolder(this.#options.parent);
    await io.removeFolder(path);
    const kv = await openGuardedKv(open, path);
    return new MetaStaging({ group: this.#options.group }, { kv, remove: () => io.removeFolder(path), syncName: () => this.#syncNames() });
  }

  async removeOthers(current: string): Promise<void> {
    for (const name of await this.#deps.io.list(this.#options.parent)) {
      if (name !== current) await this.#deps.io.removeFolder(this.#path(name));
    }
  }

  /** The name of a new state, and of the folder of states, must outlive a power loss before anything relies on it. */
  async #syncNames(): Promise<void> {
    const { parent } = this.#options;
    const above = parent.slice(0, Math.max(parent.lastIndexOf('/'), 0));
    await this.#deps.io.syncFolder(parent);
    if (above !== '') await this.#deps.io.syncFolder(above);
  }

  #path(folder: string): string {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(folder)) throw new OffshoreError('bad-option', { folder });
    return `${this.#options.parent}/${folder}`;
  }
}
