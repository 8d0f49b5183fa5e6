// What one seeder says of itself: space, condition, how far it followed the feed. The cluster's view is at the trackers.

import type { Hono } from 'hono';
import { answerJson, mount } from '../../http/exchange.ts';
import type { SeederIdentity } from '../identity.ts';
import type { Station } from '../station.ts';

export function mountSeederStatus(app: Hono, deps: { readonly station: () => Station; readonly identity: SeederIdentity }): void {
  mount(app, 'status', async (c) => {
    const station = deps.station();
    const layout = station.layout.current();
    return answerJson(c, {
      name: deps.identity.name, id: deps.identity.id(), cluster: deps.identity.cluster(), ...(await station.store.space()),
      condition: station.store.condition(), cursor: station.store.cursor(), layout: layout?.version, following: station.isFollowing(),
    });
  });
}
