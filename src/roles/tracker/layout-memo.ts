// The layout as decoded last: duties look several times a second at lists that seldom change, and decoding a thousand rows each
// time is most of what an idle leader would do. It never answers with another version than the state's.

import type { Layout } from '../../model/layout.ts';
import type { MetaQueries } from '../../storage/meta/queries.ts';

export class LayoutMemo {
  #layout: Layout | undefined;

  /** The layout of the state behind `queries`, at or after its present index. */
  async read(queries: Pick<MetaQueries, 'layout' | 'layoutVersion'>): Promise<Layout> {
    const version = await queries.layoutVersion();
    if (this.#layout?.version === version) return this.#layout;
    const layout = await queries.layout();
    this.#layout = layout;
    return layout;
  }
}
