// Which storage class a new file gets: what the tracker says of its directory, policies inherited. Believed for a few seconds,
// so that a tree of files asks once per directory. Directories that are still to be made inherit from the nearest one there is.

import type { Clock } from '../base/clock.ts';
import { isOffshoreError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { defaultClass, formatStorageClass } from '../model/storage-class.ts';
import { isNodeAnswer } from '../protocol/validate.ts';
import type { TrackerClient } from './tracker-client.ts';

interface Believed {
  readonly storageClass: string;
  readonly untilMs: number;
}

export class NewFileClass {
  readonly #trackers: TrackerClient;
  readonly #clock: Clock;
  readonly #believed = new Map<string, Believed>();

  constructor(deps: { readonly trackers: TrackerClient; readonly clock: Clock }) {
    this.#trackers = deps.trackers;
    this.#clock = deps.clock;
  }

  /** Class for a file at this path. */
  of(path: string, signal: AbortSignal): Promise<string> {
    return this.#inside(parentOf(path), signal);
  }

  async #inside(directory: string, signal: AbortSignal): Promise<string> {
    const known = this.#believed.get(directory);
    if (known !== undefined && known.untilMs > this.#clock.monotonicMs()) return known.storageClass;
    const storageClass = await this.#ask(directory, signal);
    if (this.#believed.size >= limits.newFileClassesKept) this.#believed.clear();
    this.#believed.set(directory, { storageClass, untilMs: this.#clock.monotonicMs() + limits.newFileClassMs });
    return storageClass;
  }

  async #ask(directory: string, signal: AbortSignal): Promise<string> {
    try {
      const answer = await this.#trackers.read('node', { path: directory, follow: 'final-symlink' }, isNodeAnswer, signal);
      return answer.newFileClass ?? formatStorageClass(defaultClass);
    } catch (error) {
      // Whether a missing directory is an error is for the publish to say.
      if (!isOffshoreError(error, 'not-found') || directory === '/') throw error;
      return this.#inside(parentOf(directory), signal);
    }
  }
}

function parentOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end <= 0 ? '/' : path.slice(0, end);
}
