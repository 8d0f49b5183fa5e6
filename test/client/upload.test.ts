import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChunkId } from '../../src/base/ids.ts';
import { limits } from '../../src/base/limits.ts';
import type { TransferProgress, UploadSource } from '../../src/client/remote-files.ts';
import { refused } from '../contract/remote-files.ts';
import { fakeWorld, fileOf, patternBytes, readAll, streamOf } from '../support/fake-client.ts';
import { routeOf, urlOf } from '../support/fake-cluster.ts';

const chunkBytes = 2048;
const put = 'PUT /v1/chunks';
const touch = 'POST /v1/chunks/touch';

function chunkOf(bytes: Uint8Array, number = 0): ChunkId {
  return createHash('sha256').update(bytes.subarray(number * chunkBytes, (number + 1) * chunkBytes)).digest('hex') as ChunkId;
}

test('an inline file touches no seeder', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  const receipt = await drive(files.upload(fileOf(patternBytes(limits.inlineBytesMax)), '/f', { signal }));
  assert.is(receipt.copies, 2);
  assert.ok(cluster.seen.every((message) => message.route.includes('/v1/sessions') || message.route.includes('/v1/batch')));
});

test('every chunk is durable on enough seeders before the publish, and the receipt counts the fewest', async () => {
  const { files, drive, signal } = fakeWorld();
  // The fake tracker asserts durability at every publish.
  const receipt = await drive(files.upload(fileOf(patternBytes(20_000)), '/f', { signal }));
  assert.is(receipt.copies, 3);
  assert.is(receipt.lossesSurvived, 2);
  assert.is(receipt.bytesShared, 0);
});

test('bytes that the cluster has do not travel again', async () => {
  const { files, cluster, another, drive, signal } = fakeWorld();
  const bytes = patternBytes(20_000);
  await drive(files.upload(fileOf(bytes), '/f', { signal }));
  const sent = cluster.count(put);
  const receipt = await drive(another().upload(fileOf(bytes), '/g', { signal }));
  assert.is(cluster.count(put), sent);
  assert.is(receipt.bytesShared, 20_000);
  assert.is(receipt.copies, 3);
});

test('chunks of zeros become holes and do not travel', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  const bytes = new Uint8Array(10 * chunkBytes + 100);
  bytes.set(patternBytes(10), 3 * chunkBytes);
  await drive(files.upload(fileOf(bytes), '/f', { signal }));
  assert.is(cluster.count(put), 1);
  assert.equal(Buffer.from(await drive(readAll(files, '/f'))), Buffer.from(bytes));
});

test('coordinators share the load evenly', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.upload(fileOf(patternBytes(240 * chunkBytes)), '/f', { signal }));
  const loads = [1, 2, 3].map((n) => cluster.seen.filter((message) => message.route === put && message.to === urlOf(`seeder-${n}`)).length);
  assert.ok(loads.every((load) => load > 50 && load < 110), loads.join());
});

test('touches of one upload go together while one is under way', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.upload(fileOf(patternBytes(64 * chunkBytes)), '/f', { signal, chunksInFlight: 8 }));
  assert.ok(cluster.count(touch) < 3 * 64 / 2, String(cluster.count(touch)));
});

test('a dead seeder is done without', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.kill('seeder-2');
  const receipt = await drive(files.upload(fileOf(patternBytes(20_000)), '/f', { signal }));
  assert.is(receipt.copies, 2);
});

test('a seeder that dies in the middle of an upload is done without', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  let puts = 0;
  cluster.intercept((message) => {
    if (routeOf(message) === put && (puts += 1) === 10) cluster.kill('seeder-1');
    return undefined;
  });
  await drive(files.upload(fileOf(patternBytes(60_000)), '/f', { signal }));
  assert.equal(Buffer.from(await drive(readAll(files, '/f'))), Buffer.from(patternBytes(60_000)));
});

test('a coordinator that hangs is joined by the next after a while and left out afterwards', async () => {
  const { files, cluster, clock, drive, signal } = fakeWorld();
  cluster.hang('seeder-2');
  await drive(files.upload(fileOf(patternBytes(100_000)), '/f', { signal }));
  assert.ok(clock.monotonicMs() < 20_000, `${clock.monotonicMs()} ms`);
});

test('a full seeder sends the client to the next coordinator', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.seeder('seeder-3').full = true;
  const receipt = await drive(files.upload(fileOf(patternBytes(20_000)), '/f', { signal }));
  assert.is(receipt.copies, 2);
});

test('full seeders everywhere are no space left', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  for (const seeder of cluster.seeders.values()) seeder.full = true;
  await drive(refused(files.upload(fileOf(patternBytes(20_000)), '/f', { signal }), 'disk-full'));
  await drive(refused(files.stat('/f', 'never', signal), 'not-found'));
});

test('one living seeder of three is too few', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.kill('seeder-1');
  cluster.kill('seeder-2');
  await drive(refused(files.upload(fileOf(patternBytes(20_000)), '/f', { signal }), 'too-few-copies'));
});

test('a layout that changes in the middle of an upload costs a fresh stamp, not the upload', async () => {
  const { files, cluster, drive, signal } = fakeWorld({ cluster: { seeders: 5 } });
  let puts = 0;
  cluster.intercept((message) => {
    if (routeOf(message) === put && (puts += 1) === 10) cluster.tracker.move(['seeder-3', 'seeder-4', 'seeder-5']);
    return undefined;
  });
  const bytes = patternBytes(80_000);
  const receipt = await drive(files.upload(fileOf(bytes), '/f', { signal }));
  // A chunk that two seeders of the new list held already is durable enough; the third fetches it by the feed.
  assert.ok(receipt.copies >= 2);
  cluster.kill('seeder-1');
  cluster.kill('seeder-2');
  assert.equal(Buffer.from(await drive(readAll(files, '/f'))), Buffer.from(bytes));
});

test('a chunk that is condemned between touch and publish is stamped anew', async () => {
  const { files, cluster, another, drive, signal } = fakeWorld();
  const bytes = patternBytes(20_000);
  await drive(files.upload(fileOf(bytes), '/f', { signal }));
  let condemned = false;
  cluster.intercept((message) => {
    if (!condemned && routeOf(message) === 'POST /v1/batch') {
      condemned = true;
      cluster.tracker.condemn(chunkOf(bytes, 3));
    }
    return undefined;
  });
  const receipt = await drive(another().upload(fileOf(bytes), '/g', { signal }));
  assert.is(receipt.copies, 3);
  assert.is(cluster.tracker.ran.filter((operation) => operation.kind === 'publish').length, 3);
});

test('trackers that want the chunks again and again are believed a bounded number of times', async () => {
  const { files, cluster, drive, signal } = fakeWorld({ retries: 2 });
  cluster.tracker.reuploads = 1000;
  await drive(refused(files.upload(fileOf(patternBytes(20_000)), '/f', { signal }), 'reupload'));
  assert.is(cluster.tracker.ran.filter((operation) => operation.kind === 'publish').length, 3);
});

test('a stream is published after `reupload` while the seeders still hold its chunks', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.tracker.reuploads = 1;
  await drive(files.upload(streamOf(patternBytes(20_000)), '/f', { signal }));
  assert.equal(Buffer.from(await drive(readAll(files, '/f'))), Buffer.from(patternBytes(20_000)));
});

test('a stream whose chunks are gone cannot be sent again and says so', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.tracker.reuploads = 1;
  cluster.intercept((message) => {
    if (routeOf(message) === 'POST /v1/batch') for (const seeder of cluster.seeders.values()) seeder.dropAll();
    return undefined;
  });
  await drive(refused(files.upload(streamOf(patternBytes(20_000)), '/f', { signal }), 'reupload'));
});

test('a file whose chunks are gone is read and sent again', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  cluster.tracker.reuploads = 1;
  let dropped = false;
  cluster.intercept((message) => {
    if (!dropped && routeOf(message) === 'POST /v1/batch') {
      dropped = true;
      for (const seeder of cluster.seeders.values()) seeder.dropAll();
    }
    return undefined;
  });
  await drive(files.upload(fileOf(patternBytes(20_000)), '/f', { signal }));
  assert.equal(Buffer.from(await drive(readAll(files, '/f'))), Buffer.from(patternBytes(20_000)));
});

for (const kind of ['file', 'stream'] as const) {
  test(`a ${kind} of many pages stages them ahead and publishes once`, async () => {
    const { files, cluster, drive, signal } = fakeWorld({ chunkBytes: 1100 });
    const bytes = patternBytes(1100 * (2 * limits.pageEntriesMax + 7) + 3);
    await drive(files.upload(kind === 'file' ? fileOf(bytes) : streamOf(bytes, 60_000), '/f', { signal }));
    const kinds = cluster.tracker.ran.map((operation) => operation.kind);
    assert.is(kinds.filter((each) => each === 'stage').length, 3);
    assert.is(kinds.filter((each) => each === 'publish').length, 1);
    assert.is(kinds.at(-1), 'close-upload');
    assert.equal(Buffer.from(await drive(readAll(files, '/f'))), Buffer.from(bytes));
  });
}

test('a file of exactly one page is carried by its publish', async () => {
  const { files, cluster, drive, signal } = fakeWorld({ chunkBytes: 1100 });
  await drive(files.upload(streamOf(patternBytes(1100 * limits.pageEntriesMax), 60_000), '/f', { signal }));
  assert.equal(cluster.tracker.ran.map((operation) => operation.kind), ['publish']);
});

test('staged pages survive lost answers, `reupload` and a change of leader', async () => {
  const { files, cluster, drive, signal } = fakeWorld({ chunkBytes: 1100 });
  const bytes = patternBytes(1100 * (limits.pageEntriesMax + 50));
  cluster.loseAnswers('POST /v1/batch', 1);
  cluster.tracker.reuploads = 2;
  let puts = 0;
  cluster.intercept((message) => {
    if (routeOf(message) === put && (puts += 1) === 200) {
      cluster.kill('tracker-1');
      cluster.elect('tracker-2');
    }
    return undefined;
  });
  await drive(files.upload(fileOf(bytes), '/f', { signal }));
  assert.equal(Buffer.from(await drive(readAll(files, '/f'))), Buffer.from(bytes));
});

test('an upload that is aborted publishes nothing and closes its upload session', async () => {
  const { files, cluster, drive } = fakeWorld({ chunkBytes: 1100 });
  const controller = new AbortController();
  const onProgress = ({ chunksDone }: TransferProgress): void => {
    if (chunksDone === limits.pageEntriesMax + 20) controller.abort();
  };
  const bytes = patternBytes(1100 * (limits.pageEntriesMax + 50));
  await drive(refused(files.upload(fileOf(bytes), '/f', { signal: controller.signal, onProgress }), 'aborted'));
  const kinds = cluster.tracker.ran.map((operation) => operation.kind);
  assert.not(kinds.includes('publish'));
  assert.is(kinds.at(-1), 'close-upload');
});

test('memory stays bounded: at most twice the chunks in flight are alive', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  const bytes = patternBytes(300 * chunkBytes);
  let alive = 0;
  let mostAlive = 0;
  cluster.intercept((message, deliver) => {
    if (routeOf(message) !== put) return undefined;
    return deliver().finally(() => { alive -= 1; });
  });
  const source: UploadSource = {
    kind: 'file', bytes: bytes.length, read: async (offset, length) => {
      alive += 1;
      mostAlive = Math.max(mostAlive, alive);
      return bytes.slice(offset, offset + length);
    },
  };
  await drive(files.upload(source, '/f', { signal, chunksInFlight: 3 }));
  assert.is(alive, 0);
  assert.ok(mostAlive <= 7, String(mostAlive));
});

test('a file that became shorter while it was read is `changed` and not published', async () => {
  const { files, drive, signal } = fakeWorld();
  const bytes = patternBytes(10_000);
  const source: UploadSource = { kind: 'file', bytes: 20_000, read: async (offset, length) => bytes.slice(offset, offset + length) };
  await drive(refused(files.upload(source, '/f', { signal }), 'changed'));
  await drive(refused(files.stat('/f', 'never', signal), 'not-found'));
});

test('the class of a new file is that of its directory', async () => {
  const { files, cluster, drive, signal } = fakeWorld();
  await drive(files.run([{ kind: 'make-directory', path: '/two', mode: 0o755, parents: 'make' }, { kind: 'set-policy', path: '/two', storageClass: 'copies=2' }], { signal }));
  const receipt = await drive(files.upload(fileOf(patternBytes(3000)), '/two/made/f', { signal, parents: 'make' }));
  assert.is(receipt.copies, 2);
  assert.is((await drive(files.stat('/two/made/f', 'never', signal))).storageClass, 'copies=2');
  assert.is([...cluster.seeders.values()].filter((seeder) => seeder.holds('copies=2', chunkOf(patternBytes(3000)))).length, 2);
});

test('progress counts up to everything', async () => {
  const { files, drive, signal } = fakeWorld();
  const seen: TransferProgress[] = [];
  await drive(files.upload(fileOf(patternBytes(20_000)), '/f', { signal, onProgress: (progress) => seen.push(progress) }));
  assert.equal(seen.at(-1), { path: '/f', bytesTotal: 20_000, bytesDone: 20_000, bytesShared: 0, chunksDone: 10 });
  assert.ok(seen.every((progress, i) => i === 0 || progress.bytesDone >= (seen[i - 1]?.bytesDone ?? 0)));
});

test.run();
