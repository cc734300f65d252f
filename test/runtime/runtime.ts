// The runtime as a whole: closing in every state, and opening again what was closed.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nativeLoop, openTestRuntime } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const forever = 'for (;;) {}';

t.test('what is closed and opened again is as it was', async (t) => {
  const runtime = await openTestRuntime(t);
  runtime.templates.create({ name: 'mine', env: { A: '1' } });
  const session = await runtime.sessions.create({ template: 'mine', name: 'kept' });
  const execution = await runtime.run('kept', 'let n = 1; const inc = () => ++n; console.log("out"); inc()');
  const before = runtime.executions.events(execution.id);
  const records = [runtime.templates.get('mine'), runtime.executions.get(execution.id)];
  await runtime.close();
  const again = await openTestRuntime(t, { database: runtime.database });
  t.strictSame([again.templates.get('mine'), again.executions.get(execution.id)], records);
  t.strictSame(again.executions.events(execution.id), before);
  t.match(again.sessions.get('kept'), {
    id: session.id,
    status: 'ready',
    residency: 'hibernated',
    lastUsedAt: execution.startedAt,
  });
  t.notOk(again.sessions.get('kept').lastError, 'nothing was lost');
  t.equal(await again.value('kept', 'inc()'), 3);
  t.match(again.sessions.get('kept'), { residency: 'live', restoredFrom: /^image of / });
});

t.test('closing waits for what runs, at most as long as it is told', async (t) => {
  const runtime = await openTestRuntime(t);
  const [quick, slow, native] = [
    await runtime.sessions.create({}),
    await runtime.sessions.create({}),
    await runtime.sessions.create({}),
  ];
  for (const session of [quick, slow, native]) await runtime.run(session, 'globalThis.n = 1');
  const runs = [
    runtime.run(quick, 'n = 2; await new Promise((done) => setTimeout(done, 100)); n = 3'),
    runtime.run(slow, `n = 2; ${forever}`, { timeoutMs: 20_000 }),
    runtime.run(native, `n = 2; ${nativeLoop}`),
  ];
  const waiting = Array.from({ length: 64 }, () => runtime.run(slow, forever, { ifBusy: 'wait' }));
  const outcomes = Promise.allSettled(waiting);
  await until('all to run', () => runtime.summary().workers.busy === 3);
  await runtime.close({ graceMs: 500 });
  t.match(await Promise.all(runs), [
    { status: 'ok', state: 'kept' },
    { status: 'cancelled', state: 'kept' },
    { status: 'cancelled', state: 'rolled_back' },
  ]);
  for (const outcome of await outcomes) {
    t.match(outcome, { status: 'rejected', reason: { code: 'OVERLOADED', details: { reason: 'leaving' } } });
  }
  const again = await openTestRuntime(t, { database: runtime.database });
  t.strictSame(
    [await again.value(quick, 'n'), await again.value(slow, 'n'), await again.value(native, 'n')],
    [3, 2, 1],
  );
  t.equal(again.executions.list({ status: 'running' }).items.length, 0);
});

t.test('nothing new begins while and after it closes', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const running = runtime.run(session, 'await new Promise((done) => setTimeout(done, 50)); 1');
  await until('it to run', () => runtime.summary().workers.busy === 1);
  const closing = runtime.close();
  await t.rejects(runtime.sessions.create({}), { code: 'OVERLOADED' });
  await t.rejects(runtime.run(session, '1', { ifBusy: 'wait' }), { code: 'OVERLOADED' });
  t.match(await running, { status: 'ok' });
  await closing;
  await runtime.close();
  await t.rejects(runtime.sessions.create({}), { code: 'OVERLOADED' });
  await t.rejects(runtime.run(session, '1'), { code: 'OVERLOADED' });
});

t.test('closing while sessions start leaves none half made', async (t) => {
  const worktree = tempFolder(t);
  writeFileSync(
    join(worktree, 'slow.js'),
    'globalThis.a = 1; await new Promise((done) => setTimeout(done, 60_000))',
  );
  writeFileSync(join(worktree, 'more.js'), forever);
  for (const graceMs of [0, 50]) {
    const runtime = await openTestRuntime(t, { maxLiveSessions: 4 });
    runtime.templates.create({ name: 'slow', startup: ['slow.js', 'more.js'] });
    const creating = [
      runtime.sessions.create({ template: 'slow', worktree, name: 'slow' }),
      runtime.sessions.create({ name: 'plain' }),
    ];
    const outcomes = Promise.allSettled(creating);
    await runtime.close({ graceMs });
    const [slow, plain] = await outcomes;
    t.match(slow, { status: 'rejected' });
    const again = await openTestRuntime(t, { database: runtime.database });
    for (const session of again.sessions.list().items) t.match(session.status, /^(?:ready|crashed)$/);
    t.match(again.sessions.get('slow'), { status: 'crashed' });
    if (plain?.status === 'fulfilled') t.equal(await again.value('plain', '1 + 1'), 2);
    t.strictSame(
      runtime.logs.filter(({ level }) => level === 'error'),
      [],
    );
  }
});

t.test('closing at once after opening leaves nothing running', async (t) => {
  const runtime = await openTestRuntime(t, { spareWorkers: 2 });
  await runtime.close();
  t.strictSame(runtime.logs, []);
});

t.test('a timer goes on after a restart with the time that it had left', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  await runtime.run(
    session,
    'globalThis.fired = 0; setTimeout(() => { fired = 1 }, 150); setTimeout(() => { fired = 2 }, 1e7)',
  );
  await runtime.close();
  const again = await openTestRuntime(t, { database: runtime.database });
  const timers = () =>
    again.executions.list({ session: session.id }).items.filter(({ kind }) => kind === 'timer');
  await until(
    'the timer',
    async () => (await again.run(session, 'fired', { ifBusy: 'wait' })).result?.json === 1,
  );
  t.ok(timers().length <= 1, 'a timer that says nothing is no entry of the history');
});

t.test('the summary counts what there is', async (t) => {
  const runtime = await openTestRuntime(t, { maxLiveSessions: 5 });
  const [a, b, c] = [
    await runtime.sessions.create({}),
    await runtime.sessions.create({}),
    await runtime.sessions.create({}),
  ];
  await runtime.run(a, '1');
  await runtime.sessions.hibernate(b.id);
  await runtime.sessions.close(c.id);
  t.match(runtime.summary(), {
    sessions: { ready: 2, live: 1, hibernated: 1, crashed: 0, closed: 1 },
    liveSessionIds: [a.id],
    executions: { running: 0, total: 1 },
    workers: { busy: 0, max: 5 },
  });
  t.match(runtime.engine, { name: 'quickjs', version: String });
});
