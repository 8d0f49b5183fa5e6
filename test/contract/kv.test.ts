import { openGuardedKv } from '../../src/storage/kv/kv-guarded.ts';
import { openLevelKv } from '../../src/storage/kv/kv-level.ts';
import { MemoryKvDisk } from '../../src/storage/kv/kv-memory.ts';
import { withTempFolder } from '../support/temp-folder.ts';
import { kvContract } from './kv.ts';

kvContract({
  name: 'memory',
  withDisk: (use) => use(new MemoryKvDisk().open, 'state'),
});
kvContract({
  name: 'level',
  withDisk: (use) => withTempFolder((folder) => use(openLevelKv, `${folder}/state`)),
});
kvContract({
  name: 'guarded memory',
  withDisk: (use) => {
    const disk = new MemoryKvDisk();
    return use((folder) => openGuardedKv(disk.open, folder), 'state');
  },
});
kvContract({
  name: 'guarded level',
  withDisk: (use) => withTempFolder((folder) => use((path) => openGuardedKv(openLevelKv, path), `${folder}/state`)),
});
