// Nothing of a state stays in the database once nobody can come back to it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { sql, stateRows } from '../../fixtures/states.js';
import { tempFolder } from '../../fixtures/temp.js';

const nothing = { images: 0, states: 0, undos: 0, checkpoints: 0, warm_starts: 0 };

/** A session with a state, history, checkpoints and a sleeping fork. */
async function used(runtime: TestRuntime, input: Parameters<TestRuntime['sessions']['create']>[0] = {}) {
  const session = await runtime.sessions.create(input);
  await runtime.run(session, 'var n = 1');
  await runtime.states.checkpoint(session.id, 'one');
  await runtime.run(session, 'n = 2');
  await runtime.states.checkpoint(session.id, 'two');
  await runtime.run(session, 'n = 3');
  const fork = await runtime.states.fork(session.id);
  return { session, fork };
}

t.test('deleting a session deletes its states, and not those of its fork', async (t) => {
  const runtime = await openTestRuntime(t);
  const { session, fork } = await used(runtime);
  t.match(stateRows(runtime.database), { images: 3, states: 2, checkpoints: 2 });
  t.ok(runtime.sessions.get(session.id).storedBytes > runtime.sessions.get(fork.id).storedBytes);
  await runtime.sessions.delete(session.id);
  t.strictSame(stateRows(runtime.database), { ...nothing, images: 1, states: 1 });
  t.equal(await runtime.value(fork, 'n'), 3);
  await runtime.sessions.delete(fork.id);
  t.strictSame(stateRows(runtime.database), nothing);
});

t.test('a closed session keeps its record and executions, and no state', async (t) => {
  const runtime = await openTestRuntime(t);
  const { session, fork } = await used(runtime);
  await runtime.sessions.close(session.id);
  t.match(runtime.sessions.get(session.id), { status: 'closed', residency: 'none', storedBytes: 0 });
  t.equal(runtime.executions.list({ session: session.id }).items.length, 3);
  await runtime.sessions.hibernate(fork.id);
  await runtime.sessions.close(fork.id);
  t.strictSame(stateRows(runtime.database), nothing);
});

t.test('deleting a template deletes its warm start, its sessions and their states', async (t) => {
  const runtime = await openTestRuntime(t);
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 'a.js'), 'var a = 1');
  runtime.templates.create({ name: 'x', startup: ['a.js'] });
  await used(runtime, { template: 'x', worktree });
  t.match(stateRows(runtime.database), { warm_starts: 1 });
  await runtime.templates.delete('x');
  t.strictSame(stateRows(runtime.database), nothing);
});

t.test('a session whose start fails leaves no state', async (t) => {
  const runtime = await openTestRuntime(t);
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 'a.js'), 'var a = 1');
  writeFileSync(join(worktree, 'b.js'), 'throw new Error("no")');
  runtime.templates.create({ name: 'x', startup: ['a.js', 'b.js'] });
  for (const _ of [1, 2]) {
    await t.rejects(runtime.sessions.create({ template: 'x', worktree }), { code: 'STARTUP_FAILED' });
  }
  t.strictSame(stateRows(runtime.database), nothing);
});

t.test('images that were replaced are gone, whatever replaced them', async (t) => {
  const runtime = await openTestRuntime(t, { saving: { when: 'always' } });
  const session = await runtime.sessions.create({});
  const { id } = await runtime.run(session, 'var n = 1');
  for (let n = 2; n < 6; n++) await runtime.run(session, `n = ${n}`);
  t.match(stateRows(runtime.database), { images: 1, states: 1 });
  const { checkpoint } = await runtime.states.checkpoint(session.id);
  await runtime.run(session, 'n = 7');
  t.match(stateRows(runtime.database), { images: 2 });
  await runtime.states.rollback(session.id, { checkpoint });
  t.match(stateRows(runtime.database), { images: 1, undos: 0 });
  const next = await runtime.run(session, 'n = 8');
  await runtime.states.rollback(session.id, { execution: next.id });
  t.match(stateRows(runtime.database), { images: 2 });
  t.equal(await runtime.value(session, 'n'), 5);
  await t.rejects(runtime.states.rollback(session.id, { execution: id }), { code: 'STATE_UNAVAILABLE' });
});

t.test('the history in the database is bounded by executions', async (t) => {
  const runtime = await openTestRuntime(t, { saving: { when: 'always' }, undo: { executions: 3 } });
  const session = await runtime.sessions.create({});
  for (let n = 0; n < 10; n++) await runtime.run(session, `var n = ${n}`);
  t.strictSame(
    sql<{ execution: number }>(runtime.database, 'SELECT execution FROM undos ORDER BY number').length,
    3,
  );
});
