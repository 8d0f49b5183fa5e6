// The Trackers port over HTTP. Register and heartbeat may be repeated: a second one changes nothing that the first did not.

import type { TrackerClient } from '../../client/tracker-client.ts';
import { OffshoreError } from '../../base/errors.ts';
import { isEmptyAnswer, isFeedPage, isHeartbeatAnswer, isLayoutAnswer, isLiveListing, isRegisterAnswer } from '../../protocol/validate.ts';
import type { Trackers } from './trackers.ts';

export function trackerCalls(client: TrackerClient): Trackers {
  return {
    register: async (request, signal) => (await client.mutate('register', request, isRegisterAnswer, signal)).value,
    heartbeat: async (request, signal) => (await client.mutate('heartbeat', request, isHeartbeatAnswer, signal)).value,
    signOut: async (request, signal) => {
      await client.mutate('signOut', request, isEmptyAnswer, signal);
    },
    layout: async (signal) => {
      const { index, layout } = await client.read('layout', {}, isLayoutAnswer, signal);
      if (layout === undefined) throw new OffshoreError('bad-answer', { problem: 'layout is missing although no version was named as known' });
      return { index, layout };
    },
    index: async (known, signal) => (await client.read('layout', { known }, isLayoutAnswer, signal)).index,
    feed: ({ seeder, after }, signal) => client.read('feed', { seeder, after }, isFeedPage, signal),
    live: ({ storageClass, partition, after }, signal) => client.read('live', { class: storageClass, partition, after }, isLiveListing, signal),
  };
}
