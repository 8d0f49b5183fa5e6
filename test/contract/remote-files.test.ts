import { fakeWorld } from '../support/fake-client.ts';
import { MemoryRemoteFiles } from '../support/memory-remote-files.ts';
import { remoteFilesContract } from './remote-files.ts';

remoteFilesContract('memory', () => ({ files: new MemoryRemoteFiles(), drive: (promise) => promise }));
remoteFilesContract('client over a fake cluster', () => fakeWorld());
