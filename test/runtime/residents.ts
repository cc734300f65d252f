// No more sessions in memory than allowed: the least recently used one leaves, and loses nothing.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openTestRuntime, type TestRuntime } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const forever = 'for (;;) {}';
const residency = (runtime: TestRuntime, name: string) => runtime.sessions.get(name).residency;

t.test('past the limit the least recently used session goes to sleep', async (t) => {
  const runtime = await openTestRuntime(t, { maxLiveSessions: 2 });
  for (const name of ['a', 'b']) await runtime.sessions.create({ name });
  await runtime.run('a', 'let n = "a"');
  await runtime.run('b', 'let n = "b"');
  await runtime.run('a', '0');
  await runtime.sessions.create({ name: 'c' });
  t.strictSame(
    ['a', 'b', 'c'].map((name) => residency(runtime, name)),
    ['live', 'hibernated', 'live'],
  );
  t.match(runtime.summary(), { sessions: { ready: 3, live: 2, hibernated: 1 }, workers: { max: 2 } });
  t.equal(await runtime.value('b', 'n'), 'b');
  t.strictSame(
    ['a', 'b', 'c'].map((name) => residency(runtime, name)),
    ['hibernated', 'live', 'live'],
  );
  t.equal(await runtime.value('a', 'n'), 'a');
});

t.test(
  'with all of them busy the answer is OVERLOADED, at once, and nothing is left of the attempt',
  async (t) => {
    const runtime = await openTestRuntime(t, { maxLiveSessions: 2 });
    for (const name of ['a', 'b', 'c']) await runtime.sessions.create({ name });
    t.equal(residency(runtime, 'a'), 'hibernated');
    const running = [runtime.run('b', forever), runtime.run('c', forever)];
    await until('both to run', () => runtime.summary().workers.busy === 2);
    await t.rejects(runtime.run('a', '1'), { code: 'OVERLOADED', message: /all 2 live sessions are busy/ });
    await t.rejects(runtime.run('a', '1', { ifBusy: 'wait' }), { code: 'OVERLOADED' });
    await t.rejects(runtime.sessions.create({ name: 'd' }), { code: 'OVERLOADED' });
    t.throws(() => runtime.sessions.get('d'), { code: 'SESSION_NOT_FOUND' });
    t.equal(residency(runtime, 'a'), 'hibernated');
    runtime.sessions.interrupt('b');
    await running[0];
    t.equal(await runtime.value('a', '1 + 1'), 2);
    runtime.sessions.interrupt('c');
    await running[1];
  },
);

t.test('many at once never pass the limit, lose nothing and leave no worker behind', async (t) => {
  const maxLiveSessions = 3;
  const runtime = await openTestRuntime(t, { maxLiveSessions });
  const patiently = async <T>(act: () => Promise<T>): Promise<T> => {
    const { done } = await until('room', async () => {
      try {
        return { done: await act() };
      } catch (error) {
        if ((error as { code?: string }).code === 'OVERLOADED') return undefined;
        throw error;
      }
    });
    return done;
  };
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, runtime.summary().workers.busy)), 1);
  const names = Array.from({ length: 10 }, (_, n) => `s${n}`);
  await Promise.all(names.map((name) => patiently(() => runtime.sessions.create({ name }))));
  await Promise.all(
    names.flatMap((name) =>
      [1, 2, 3].map((n) =>
        patiently(() => runtime.run(name, `globalThis.n = (globalThis.n ?? 0) + ${n}`, { ifBusy: 'wait' })),
      ),
    ),
  );
  clearInterval(watch);
  for (const name of names) t.equal(await runtime.value(name, 'n'), 6, name);
  t.ok(most <= maxLiveSessions, `${most} busy at once`);
  t.equal(runtime.summary().sessions.ready, names.length);
  t.equal(runtime.summary().liveSessionIds.length, maxLiveSessions);
  t.strictSame(runtime.logs, []);
  await until('the workers to settle', () => runtime.summary().workers.idle <= maxLiveSessions + 2);
});

t.test('many created at once are all usable, each in memory or asleep', async (t) => {
  const runtime = await openTestRuntime(t, { maxLiveSessions: 2, spareWorkers: 0 });
  const made = await Promise.allSettled(
    Array.from({ length: 12 }, (_, n) => runtime.sessions.create({ name: `s${n}` })),
  );
  const ready = made.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const outcome of made) {
    if (outcome.status === 'rejected') t.match(outcome.reason, { code: 'OVERLOADED' });
  }
  t.ok(ready.length >= 2);
  const { sessions, liveSessionIds } = runtime.summary();
  t.equal(sessions.ready, ready.length, 'refused ones left no record');
  t.ok(liveSessionIds.length <= 2);
  for (const session of ready) t.equal(await runtime.value(session, '1 + 1'), 2);
});

t.test('a session that is starting is not put to sleep', async (t) => {
  const runtime = await openTestRuntime(t, { maxLiveSessions: 1 });
  const worktree = tempFolder(t);
  writeFileSync(
    join(worktree, 'slow.js'),
    'await new Promise((done) => setTimeout(done, 200)); globalThis.started = true',
  );
  runtime.templates.create({ name: 'slow', startup: ['slow.js'] });
  const creating = runtime.sessions.create({ template: 'slow', worktree });
  await t.rejects(runtime.sessions.create({}), { code: 'OVERLOADED' });
  const session = await creating;
  t.equal(await runtime.value(session, 'started'), true);
});

t.test('a timer for which there is no room runs when there is', async (t) => {
  const runtime = await openTestRuntime(t, { maxLiveSessions: 1 });
  await runtime.sessions.create({ name: 'ticking' });
  await runtime.run('ticking', 'globalThis.ticked = false; setTimeout(() => { ticked = true }, 1000)');
  const busy = await runtime.sessions.create({ name: 'busy' });
  const running = runtime.run(busy, `await new Promise((done) => setTimeout(done, 1200)); ${forever}`);
  await until('it to run', () => runtime.summary().workers.busy === 1);
  await t.rejects(runtime.run('ticking', '1'), { code: 'OVERLOADED' });
  t.equal(runtime.sessions.interrupt('busy'), true);
  await running;
  await until('the timer', () => residency(runtime, 'ticking') === 'live');
  t.equal((await runtime.run('ticking', 'ticked', { ifBusy: 'wait' })).result?.json, true);
  t.strictSame(runtime.logs, []);
});

t.test('an idle session hibernates after the time that is set, one with a near timer does not', async (t) => {
  const runtime = await openTestRuntime(t, { hibernateAfterMs: 50 });
  await runtime.sessions.create({ name: 'idle' });
  await runtime.run('idle', 'let n = 1');
  await runtime.sessions.create({ name: 'ticking' });
  await runtime.run('ticking', 'let ticks = 0; setInterval(() => ticks++, 10); 0');
  await until('it to sleep', () => residency(runtime, 'idle') === 'hibernated');
  t.equal(residency(runtime, 'ticking'), 'live');
  t.equal(await runtime.value('idle', 'n'), 1);
});
