import { nodeFileIo } from '../../src/platform/node-file-io.ts';
import { MemoryFileIo } from '../support/memory-file-io.ts';
import { withTempFolder } from '../support/temp-folder.ts';
import { fileIoContract } from './file-io.ts';

fileIoContract({ name: 'node', withFolder: (use) => withTempFolder((folder) => use(nodeFileIo(), folder)) });
fileIoContract({
  name: 'memory',
  withFolder: async (use) => {
    const io = new MemoryFileIo();
    await io.makeFolder('/disk/folder');
    await use(io, '/disk/folder');
  },
});
