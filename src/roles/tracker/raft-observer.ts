// What the Raft driver tells of itself, as events of the catalogue and metrics.

import { unreachable } from '../../base/assert.ts';
import { errorFields, type Logger } from '../../observe/log.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { RaftEvent } from '../../raft/driver/raft-events.ts';

export function raftObserver(log: Logger, metrics: Metrics): (event: RaftEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'role-changed':
        log.info('raft.role-changed', { role: event.role, term: event.term, leader: event.leader });
        if (event.role === 'candidate') metrics.count('offshore_raft_elections_total', {});
        return;
      case 'stream-opened': return log.debug('peer.connected', { peer: event.peer, lane: event.lane });
      case 'stream-lost': return log.debug('peer.disconnected', { peer: event.peer, lane: event.lane, error: event.why });
      case 'snapshot-offered': return log.info('raft.snapshot-offered', { to: event.peer, index: event.index });
      case 'snapshot-receiving': return log.info('raft.snapshot-receiving', { from: event.from, index: event.index });
      case 'snapshot-installed': return log.info('raft.snapshot-installed', { index: event.index });
      case 'snapshot-failed': return log.warn('raft.snapshot-failed', { index: event.index, error: event.why });
      case 'log-compacted': return log.debug('raft.log-truncated', { first: event.first });
      case 'log-written':
        metrics.observe('offshore_raft_append_seconds', {}, event.ms / 1000);
        return metrics.observe('offshore_raft_append_entries', {}, event.entries);
      case 'group-applied': return metrics.observe('offshore_apply_seconds', {}, event.ms / 1000);
      case 'disk-floor': return event.floor === 'ample' ? log.info('raft.disk-floor', { floor: event.floor }) : log.warn('raft.disk-floor', { floor: event.floor });
      case 'disk-hung': return log.error('raft.disk-slow', { ms: Math.round(event.ms) });
      case 'membership-changed': return log.info('raft.membership-changed', { index: event.index });
      case 'waiting-for-trackers': return log.info('raft.waiting-for-trackers', { missing: event.missing });
      case 'failed': return log.error('raft.failed', errorFields(event.error));
      default: return unreachable(event);
    }
  };
}
