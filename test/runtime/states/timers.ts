// Timers of sessions that sleep, and of daemons that were not there.
import { join } from 'node:path';
import t from 'tap';
import type { RuntimeOptions } from '#src/runtime/types.js';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { tempFolder } from '../../fixtures/temp.js';
import { until } from '../../fixtures/until.js';

/** Resolves when the session has printed this, in a timer's execution. */
const hasPrinted = (runtime: TestRuntime, session: string, text: string): Promise<unknown> =>
  until(`"${text}"`, () =>
    runtime.executions
      .list({ session })
      .items.filter(({ kind }) => kind === 'timer')
      .some(({ id }) =>
        runtime.executions
          .events(id)
          .items.some(
            ({ type, payload }) => type === 'console' && 'text' in payload && payload.text === text,
          ),
      ),
  );

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

t.test('a sleeping session is woken by its timer, on time', async (t) => {
  const runtime = await openTestRuntime(t);
  const { id } = await runtime.sessions.create({});
  await runtime.run(id, 'var at = Date.now(); setTimeout(() => console.log("woke"), 150)');
  await runtime.sessions.hibernate(id);
  t.equal(runtime.sessions.get(id).residency, 'hibernated');
  await hasPrinted(runtime, id, 'woke');
  const { items } = runtime.executions.list({ session: id });
  const late = Date.parse(items[0]?.startedAt ?? '') - Number(await runtime.value(id, 'at')) - 150;
  t.ok(late >= 0 && late < 1000, `${late} ms late`);
});

t.test('a fork takes the pending timers along, and each runs them once', async (t) => {
  const runtime = await openTestRuntime(t);
  const { id } = await runtime.sessions.create({});
  await runtime.run(id, 'var ran = 0; setTimeout(() => { ran++; console.log("ran") }, 100)');
  const fork = await runtime.states.fork(id);
  for (const session of [id, fork.id]) {
    await hasPrinted(runtime, session, 'ran');
    t.equal(await runtime.value(session, 'ran'), 1);
  }
});

t.test('while no daemon runs timers stand still, however the state was stored', async (t) => {
  /** Answers how long the timer took after the restart; it had some 1000 ms left. */
  const leftMs = async (
    saving: NonNullable<RuntimeOptions['saving']>,
    isAsleep: boolean,
  ): Promise<number> => {
    const database = join(tempFolder(t), 'v.db');
    const runtime = await openTestRuntime(t, { database, saving });
    const { id } = await runtime.sessions.create({});
    await runtime.run(id, 'setTimeout(() => console.log("after all"), 2000)');
    if (isAsleep) await runtime.sessions.hibernate(id);
    await wait(1000);
    await runtime.close();
    // Longer than the time that was left.
    await wait(1200);
    const opened = Date.now();
    const again = await openTestRuntime(t, { database });
    t.equal(again.executions.list({ session: id }).items.length, 1, 'it did not run at once');
    await hasPrinted(again, id, 'after all');
    const [timer] = again.executions.list({ session: id }).items;
    return Date.parse(timer?.startedAt ?? '') - opened;
  };
  const took = await Promise.all([
    leftMs({ when: 'always' }, false),
    leftMs({ when: 'idle', afterIdleMs: 10 }, false),
    leftMs({ when: 'exit' }, false),
    leftMs({ when: 'exit' }, true),
  ]);
  // From what was left to what it was set to, for a machine that is busy with other things.
  for (const ms of took) t.ok(ms > 700 && ms < 2000, `${ms} ms`);
});

t.test('a timer that was undone does not run, one that was brought back does', async (t) => {
  const runtime = await openTestRuntime(t);
  const { id } = await runtime.sessions.create({});
  const first = await runtime.run(
    id,
    'var ran = []; setTimeout(() => { ran.push("first"); console.log("first") }, 200)',
  );
  const { checkpoint } = await runtime.states.checkpoint(id);
  const second = await runtime.run(id, 'setTimeout(() => { ran.push("second"); console.log("second") }, 50)');
  await runtime.states.rollback(id, { execution: second.id });
  await hasPrinted(runtime, id, 'first');
  t.strictSame(await runtime.value(id, 'ran'), ['first']);
  await runtime.states.rollback(id, { checkpoint });
  t.strictSame(await runtime.value(id, 'ran'), []);
  await until('the timer again', async () => (await runtime.value(id, 'ran.length')) === 1);
  t.ok(first.id);
});

t.test('a session without a timer is left asleep', async (t) => {
  const runtime = await openTestRuntime(t);
  const { id } = await runtime.sessions.create({});
  await runtime.run(id, 'clearTimeout(setTimeout(() => {}, 30))');
  await runtime.sessions.hibernate(id);
  await wait(100);
  t.equal(runtime.sessions.get(id).residency, 'hibernated');
  t.strictSame(runtime.logs, []);
});

t.test('the timers of a session that ended run no more, and nobody is told', async (t) => {
  const runtime = await openTestRuntime(t);
  const live = await runtime.sessions.create({});
  const asleep = await runtime.sessions.create({});
  for (const { id } of [live, asleep]) await runtime.run(id, 'setInterval(() => console.log("tick"), 20)');
  await runtime.sessions.hibernate(asleep.id);
  await runtime.sessions.close(live.id);
  await runtime.sessions.delete(asleep.id);
  await wait(100);
  t.strictSame(runtime.logs, []);
  t.strictSame(runtime.summary().liveSessionIds, []);
});
