// When a state is written, and what a daemon that finds it after a crash says of the rest. The crash is a copy of the
// database, taken while it is in use.
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { stateRows } from '../../fixtures/states.js';
import { tempFolder, type Teardown } from '../../fixtures/temp.js';
import { until } from '../../fixtures/until.js';

/** A runtime on what another one has written up to now. */
function afterCrashOf(t: Teardown, { database }: TestRuntime): Promise<TestRuntime> {
  const copy = join(tempFolder(t), 'v.db');
  for (const suffix of ['', '-wal']) {
    if (existsSync(database + suffix)) copyFileSync(database + suffix, copy + suffix);
  }
  return openTestRuntime(t, { database: copy });
}

t.test('saving always: what was answered is stored', async (t) => {
  const runtime = await openTestRuntime(t, { saving: { when: 'always' } });
  const { id } = await runtime.sessions.create({});
  for (const n of [1, 2, 3]) {
    await runtime.run(id, `var n = ${n}`);
    const crashed = await afterCrashOf(t, runtime);
    t.equal(crashed.sessions.get(id).lastError, undefined);
    t.equal(await crashed.value(id, 'n'), n);
    await crashed.close();
  }
});

t.test('saving when idle: soon after the last call, and without one', async (t) => {
  const runtime = await openTestRuntime(t, { saving: { when: 'idle', afterIdleMs: 20 } });
  const { id } = await runtime.sessions.create({});
  await runtime.run(id, 'var n = 1');
  await until('the state in the database', () => stateRows(runtime.database)['images'] === 1);
  t.equal(runtime.sessions.get(id).residency, 'live');
  const crashed = await afterCrashOf(t, runtime);
  t.equal(await crashed.value(id, 'n'), 1);
});

t.test('saving at exit: not before, and then', async (t) => {
  const runtime = await openTestRuntime(t, { saving: { when: 'exit' } });
  const { id } = await runtime.sessions.create({});
  await runtime.run(id, 'var n = 1');
  await runtime.sessions.hibernate(id);
  const lost = [await runtime.run(id, 'n = 2'), await runtime.run(id, 'n = 3; throw new Error("kept")')];
  await runtime.run(id, 'n = 4; throw new Error("undone")', { onFailure: 'rollback' });
  t.match(stateRows(runtime.database), { images: 1 });
  const crashed = await afterCrashOf(t, runtime);
  t.equal(
    crashed.sessions.get(id).lastError,
    `the daemon went away; the effect of these executions on the session is lost: ${lost.map((e) => e.id).join(', ')}`,
  );
  for (const execution of lost) {
    t.ok(crashed.executions.get(execution.id).undoneAt);
    await t.rejects(crashed.states.rollback(id, { execution: execution.id }), { code: 'STATE_UNAVAILABLE' });
  }
  t.equal(await crashed.value(id, 'n'), 1);
  await runtime.close();
  const { database } = runtime;
  t.equal(await (await openTestRuntime(t, { database })).value(id, 'n'), 3, 'a clean end loses nothing');
});

t.test('a session that was never stored begins anew, with its startup files', async (t) => {
  const runtime = await openTestRuntime(t, { saving: { when: 'exit' } });
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 'a.js'), 'var base = 7');
  runtime.templates.create({ name: 'x', startup: ['a.js'], runtime: { warm: false } });
  const { id } = await runtime.sessions.create({ template: 'x', worktree });
  const lost = await runtime.run(id, 'var n = base');
  const crashed = await afterCrashOf(t, runtime);
  t.match(crashed.sessions.get(id), { status: 'ready', lastError: new RegExp(lost.id) });
  t.strictSame(await crashed.value(id, '[typeof n, base]'), ['undefined', 7]);
});

t.test('of many lost executions the last are named and the others counted', async (t) => {
  const runtime = await openTestRuntime(t, { saving: { when: 'exit' } });
  const { id } = await runtime.sessions.create({});
  let last = '';
  for (let n = 0; n < 25; n++) last = (await runtime.run(id, `var n = ${n}`)).id;
  const { lastError = '' } = (await afterCrashOf(t, runtime)).sessions.get(id);
  t.equal(lastError.match(/exe_/g)?.length, 20);
  t.match(lastError, new RegExp(`${last} and 5 before them$`));
});
