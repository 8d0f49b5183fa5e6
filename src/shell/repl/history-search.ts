// Ctrl-R: the newest line that holds what was typed, older ones with Ctrl-R again. Pure state; the editor draws it.

import { displayWidth, escapeControls, fit } from '../core/format.ts';

export type SearchResult =
  | { readonly kind: 'searching' }
  /** `rest` are keys for the editor: Enter runs the line, anything else edits it. */
  | { readonly kind: 'accepted'; readonly line: string; readonly rest: string }
  | { readonly kind: 'cancelled' };

export class HistorySearch {
  /** Newest first. */
  readonly #history: readonly string[];
  #query = '';
  #at = 0;

  constructor(history: readonly string[]) {
    this.#history = history;
  }

  get match(): string | undefined {
    return this.#query === '' ? undefined : this.#history[this.#at];
  }

  key(piece: string): SearchResult {
    switch (piece) {
      case '\x12': return this.#older();
      case '\x03':
      case '\x07': return { kind: 'cancelled' };
      case '\x7f':
      case '\b': return this.#look([...this.#query].slice(0, -1).join(''), 0);
      default:
    }
    // Text, perhaps with Enter behind it when it was pasted.
    const text = /^[^\0-\x1f\x7f]+/.exec(piece)?.[0] ?? '';
    if (text !== '') this.#look(this.#query + text, this.#at);
    const rest = piece.slice(text.length);
    return rest === '' ? { kind: 'searching' } : { kind: 'accepted', line: this.match ?? '', rest: rest === '\x1b' ? '' : rest };
  }

  /** One line for a terminal of this width. */
  shown(columns: number): string {
    const lead = `(${this.#query !== '' && this.match === undefined ? 'failed ' : ''}reverse-i-search)'${escapeControls(this.#query)}': `;
    return lead + fit(escapeControls(this.match ?? ''), Math.max(0, columns - 1 - displayWidth(lead)));
  }

  #older(): SearchResult {
    return this.#query === '' ? { kind: 'searching' } : this.#look(this.#query, this.#at + 1);
  }

  #look(query: string, from: number): SearchResult {
    this.#query = query;
    const found = this.#history.findIndex((line, at) => at >= from && line.includes(query));
    // Past the oldest match the position is the end, where there is none: shown as failed.
    this.#at = found < 0 ? this.#history.length : found;
    return { kind: 'searching' };
  }
}
