import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mustExist } from '../../src/base/assert.ts';
import { limits } from '../../src/base/limits.ts';
import type { SessionId } from '../../src/base/ids.ts';
import { inlineFile, StateWorld } from './state-world.ts';

const mark = (id: SessionId, firstSequence: number, firstUnacked = 1) => ({ id, firstSequence, firstUnacked });

test('a repeated batch answers what it answered and does not run again', async () => {
  const world = await StateWorld.ready();
  const id = await world.session();
  const operations = [inlineFile('/a', '1'), { kind: 'remove', path: '/none', what: 'file' } as const, { kind: 'make-directory', path: '/d', mode: 0o755, parents: 'must-exist' } as const];
  const first = await world.run(operations, mark(id, 1));
  await world.put('/a', 'changed since');
  const again = await world.run(operations, mark(id, 1));
  assert.equal(again, first);
  assert.is((await world.machine.queries.stat('/a', 'never')).bytes, 13);
});

test('a part of a batch asked again is answered by sequence number, new operations in it run', async () => {
  const world = await StateWorld.ready();
  const id = await world.session();
  const first = await world.run([inlineFile('/a', '1'), inlineFile('/b', '2')], mark(id, 1));
  const second = await world.run([inlineFile('/b', '2'), inlineFile('/c', '3')], mark(id, 2));
  assert.equal(second[0], first[1]);
  assert.ok(second[1]?.ok);
  assert.equal(await world.run([inlineFile('/c', '3')], mark(id, 3)), [second[1]]);
});

test('acknowledged outcomes are dropped and their numbers never run again', async () => {
  const world = await StateWorld.ready();
  const id = await world.session();
  await world.run([inlineFile('/a', '1')], mark(id, 1));
  await world.run([inlineFile('/b', '1')], mark(id, 2, 2));
  const [late] = await world.run([inlineFile('/a', 'again')], mark(id, 1));
  assert.is(mustExist(late, 'one').ok, false);
  assert.is((await world.machine.queries.stat('/a', 'never')).bytes, 1);
});

test('an expired session answers outcome-unknown; expiry looks at cluster age again', async () => {
  const world = await StateWorld.ready();
  const id = await world.session();
  await world.run([inlineFile('/a', '1')], mark(id, 1));
  assert.equal(await world.command({ kind: 'expire-sessions', sessions: [id] }), { kind: 'counted', accepted: 0, skipped: 1 });
  world.age += limits.sessionAgeMsMax;
  await world.mkdir('/tick');
  assert.equal((await world.machine.queries.sessionsDue(10)).map((each) => each.session), [id]);
  assert.equal(await world.command({ kind: 'expire-sessions', sessions: [id] }), { kind: 'counted', accepted: 1, skipped: 0 });
  const [outcome] = await world.run([inlineFile('/x', '1')], mark(id, 2));
  assert.is(outcome?.ok === false && outcome.code, 'outcome-unknown');
  assert.is((await world.machine.queries.totals()).sessions, 0);
});

test('a session remembers 64 batches; the next is refused until the client acknowledges', async () => {
  const world = await StateWorld.ready();
  const id = await world.session();
  for (let i = 1; i <= limits.sessionSequencesMax; i += 1) await world.run([inlineFile('/f', String(i))], mark(id, i));
  const next = limits.sessionSequencesMax + 1;
  const [refused] = await world.run([inlineFile('/g', 'x')], mark(id, next));
  assert.is(refused?.ok === false && refused.code, 'overloaded');
  const [accepted] = await world.run([inlineFile('/g', 'x')], mark(id, next, 2));
  assert.ok(accepted?.ok);
});

test('registration is refused when there are too many sessions, and closing makes room', async () => {
  const world = await StateWorld.ready();
  const sessions: SessionId[] = [];
  for (let left = limits.sessionsMax; left > 0; left -= 1000) {
    const results = await world.entry(Array.from({ length: 1000 }, () => ({ kind: 'register-session', user: 'u' }) as const));
    for (const result of results) if (result.kind === 'session') sessions.push(result.session);
  }
  assert.is(new Set(sessions).size, limits.sessionsMax);
  const full = await world.command({ kind: 'register-session', user: 'u' });
  assert.is(full.kind === 'refused' && full.code, 'sessions-full');
  await world.command({ kind: 'close-session', session: mustExist(sessions[0], 'first') });
  assert.is((await world.command({ kind: 'register-session', user: 'u' })).kind, 'session');
});

test('with too many sessions the longest unused make room, those used lately never', async () => {
  const world = await StateWorld.ready();
  const old = await world.session();
  const used = await world.session();
  for (let left = limits.sessionsMax - 2; left > 0; left -= 1000) {
    await world.entry(Array.from({ length: Math.min(1000, left) }, () => ({ kind: 'register-session', user: 'u' }) as const));
  }
  assert.equal(await world.machine.queries.sessionsIdle(10), [], 'all are young');
  const evict = { kind: 'expire-sessions', sessions: [old, used] } as const;
  assert.equal(await world.command(evict), { kind: 'counted', accepted: 0, skipped: 2 });
  world.age += limits.sessionIdleMsMin;
  await world.run([inlineFile('/a', '1')], mark(used, 1));
  const idle = (await world.machine.queries.sessionsIdle(10)).map((each) => each.session);
  assert.is(idle.length, 10);
  assert.is(idle[0], old);
  const results = await world.entry([evict, { kind: 'register-session', user: 'u' }]);
  assert.equal(results[0], { kind: 'counted', accepted: 1, skipped: 1 });
  assert.is(results[1]?.kind, 'session');
  const [gone] = await world.run([inlineFile('/b', '1')], mark(old, 1));
  assert.is(gone?.ok === false && gone.code, 'outcome-unknown');
});

test('while there is room a session stays its whole life', async () => {
  const world = await StateWorld.ready();
  const id = await world.session();
  world.age += limits.sessionIdleMsMin;
  assert.equal(await world.command({ kind: 'expire-sessions', sessions: [id] }), { kind: 'counted', accepted: 0, skipped: 1 });
});

test('nothing runs before the state is founded, and it is founded once', async () => {
  const world = await StateWorld.bare();
  const [outcome] = await world.run([inlineFile('/a', '1')]);
  assert.is(outcome?.ok === false && outcome.code, 'starting');
  assert.is((await world.command({ kind: 'register-session', user: 'u' })).kind, 'refused');
  const ready = await StateWorld.ready();
  assert.is((await ready.command({ kind: 'found', cluster: 'aa'.repeat(32) as never, level: 1, settings: [] })).kind, 'refused');
});

test('settings change by command and a bad value does not', async () => {
  const world = await StateWorld.ready();
  assert.is((await world.command({ kind: 'set-config', setting: { name: 'inline-bytes', value: '10' } })).kind, 'done');
  assert.is(await world.code(inlineFile('/f', 'x'.repeat(11))), 'bad-request');
  assert.is((await world.command({ kind: 'set-config', setting: { name: 'inline-bytes', value: '9999999' } })).kind, 'refused');
  assert.is((await world.machine.queries.facts())?.settings.inlineBytes, 10);
});

test.run();
