// Forks and checkpoints: copies of a state, and what each state of the session makes of them.
import t from 'tap';
import type { Session } from '#src/records/index.js';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { stateRows } from '../../fixtures/states.js';
import { tempFolder, type Teardown } from '../../fixtures/temp.js';

async function open(
  t: Teardown,
  options: Parameters<typeof openTestRuntime>[1] = {},
): Promise<{ runtime: TestRuntime; session: Session }> {
  const runtime = await openTestRuntime(t, options);
  return { runtime, session: await runtime.sessions.create({}) };
}

/** Does one thing to a session in each state in which that must work. */
async function inEachState(
  runtime: TestRuntime,
  act: (session: Session, expected: unknown, state: string) => Promise<void>,
): Promise<void> {
  const prepared = async (): Promise<Session> => {
    const session = await runtime.sessions.create({});
    await runtime.run(session, 'var n = 1');
    return session;
  };
  await act(await runtime.sessions.create({}), 'undefined', 'fresh');
  await act(await prepared(), 'number', 'live');
  const asleep = await prepared();
  await act(await runtime.sessions.hibernate(asleep.id), 'number', 'asleep');
  const copy = await runtime.states.fork((await prepared()).id);
  await act(copy, 'number', 'a copy itself');
  const killed = await prepared();
  await runtime.run(killed, '"a".repeat(3e6).indexOf("a".repeat(1e6) + "b")', { timeoutMs: 20 });
  await act(killed, 'number', 'without its worker');
}

t.test('a fork has the state, its own life, and nothing of the past', async (t) => {
  const { runtime, session } = await open(t);
  await runtime.run(
    session,
    'var list = [1]; var walk = (function* () { yield 1; yield 2; yield 3 })(); walk.next()',
  );
  await runtime.states.checkpoint(session.id, 'before');
  const fork = await runtime.states.fork(session.id, 'other');
  t.match(fork, {
    name: 'other',
    status: 'ready',
    residency: 'hibernated',
    restoredFrom: `session ${session.id}`,
  });
  t.match(fork, { templateId: session.templateId, templateVersion: session.templateVersion });
  await runtime.run(fork, 'list.push("fork")');
  await runtime.run(session, 'list.push("original")');
  t.strictSame(await runtime.value(fork, '[list, walk.next().value]'), [[1, 'fork'], 2]);
  t.strictSame(await runtime.value(session, '[list, walk.next().value]'), [[1, 'original'], 2]);
  t.strictSame(runtime.states.checkpoints(fork.id).items, []);
  t.equal(runtime.executions.list({ session: fork.id }).items.length, 2);
  await runtime.sessions.delete(session.id);
  t.strictSame(await runtime.value(fork, 'list'), [1, 'fork'], 'the original is gone, the fork lives on');
  await runtime.sessions.hibernate(fork.id);
  t.strictSame(await runtime.value(fork, 'list'), [1, 'fork']);
});

t.test('copies do not share the sequence of Math.random', async (t) => {
  const { runtime, session } = await open(t);
  await runtime.run(session, 'Math.random()');
  const { checkpoint } = await runtime.states.checkpoint(session.id);
  const forks = await Promise.all(
    [runtime.states.fork(session.id), runtime.states.fork(session.id)].map((f) => f.catch(() => undefined)),
  );
  const numbers = [await runtime.value(session, 'Math.random()')];
  for (const fork of forks) if (fork !== undefined) numbers.push(await runtime.value(fork, 'Math.random()'));
  await runtime.states.rollback(session.id, { checkpoint });
  numbers.push(await runtime.value(session, 'Math.random()'));
  await runtime.states.rollback(session.id, { checkpoint });
  numbers.push(await runtime.value(session, 'Math.random()'));
  t.equal(new Set(numbers).size, numbers.length, numbers.join(' '));
  t.ok(numbers.length >= 4);
});

t.test('a session can be forked in each state', async (t) => {
  const runtime = await openTestRuntime(t);
  await inEachState(runtime, async (session, expected, state) => {
    const before = runtime.sessions.get(session.id).residency;
    const fork = await runtime.states.fork(session.id);
    t.equal(runtime.sessions.get(session.id).residency, before, `${state}: it is where it was`);
    t.equal(await runtime.value(fork, 'typeof n'), expected, state);
    t.equal(await runtime.value(session, 'typeof n'), expected, state);
  });
});

t.test('a session can be checkpointed and taken back in each state', async (t) => {
  const runtime = await openTestRuntime(t);
  await inEachState(runtime, async (session, expected, state) => {
    const before = runtime.sessions.get(session.id).residency;
    const { checkpoint } = await runtime.states.checkpoint(session.id);
    t.equal(runtime.sessions.get(session.id).residency, before, `${state}: it is where it was`);
    await runtime.run(session, 'var n = []');
    const back = await runtime.states.rollback(session.id, { checkpoint });
    t.match(
      back,
      { status: 'ready', residency: 'hibernated', restoredFrom: `checkpoint ${checkpoint}` },
      state,
    );
    t.equal(await runtime.value(session, 'typeof n'), expected, state);
  });
});

t.test('a busy session is neither forked nor kept, at once', async (t) => {
  const { runtime, session } = await open(t);
  const { checkpoint } = await runtime.states.checkpoint(session.id);
  const running = runtime.run(session, 'for (;;);', { timeoutMs: 500 });
  const busy = { code: 'SESSION_BUSY' };
  await t.rejects(runtime.states.fork(session.id), busy);
  await t.rejects(runtime.states.checkpoint(session.id), busy);
  await t.rejects(runtime.states.rollback(session.id, { checkpoint }), busy);
  await t.rejects(runtime.sessions.hibernate(session.id), busy);
  t.match(await running, { status: 'timeout' });
});

t.test('a closed, crashed or unknown session has no state to copy', async (t) => {
  const runtime = await openTestRuntime(t);
  const closed = await runtime.sessions.create({});
  const { checkpoint } = await runtime.states.checkpoint(closed.id);
  await runtime.sessions.close(closed.id);
  runtime.templates.create({ name: 'broken', startup: ['missing.js'] });
  await t.rejects(runtime.sessions.create({ template: 'broken', name: 'crashed', worktree: tempFolder(t) }));
  for (const [session, code] of [
    [closed.id, 'SESSION_NOT_READY'],
    ['crashed', 'SESSION_NOT_READY'],
    ['nobody', 'SESSION_NOT_FOUND'],
  ] as const) {
    await t.rejects(runtime.states.fork(session), { code }, session);
    await t.rejects(runtime.states.checkpoint(session), { code }, session);
    await t.rejects(runtime.states.rollback(session, { checkpoint }), { code }, session);
    await t.rejects(runtime.sessions.hibernate(session), { code }, session);
  }
});

t.test('a fork under a name that is taken, or none, leaves nothing behind', async (t) => {
  const { runtime, session } = await open(t);
  await runtime.run(session, 'var n = 1');
  await runtime.sessions.create({ name: 'taken' });
  await runtime.sessions.hibernate(session.id);
  const before = stateRows(runtime.database);
  await t.rejects(runtime.states.fork(session.id, 'taken'), { code: 'NAME_TAKEN' });
  await t.rejects(runtime.states.fork(session.id, 'no name'), { code: 'VALIDATION_ERROR' });
  t.strictSame(stateRows(runtime.database), before);
  t.equal(runtime.sessions.list().items.length, 2);
});

t.test('checkpoints are listed newest first, page by page, and found by id or newest label', async (t) => {
  const { runtime, session } = await open(t);
  const made: string[] = [];
  for (const n of [1, 2, 3]) {
    await runtime.run(session, `var n = ${n}`);
    made.unshift((await runtime.states.checkpoint(session.id, n === 2 ? undefined : 'same')).checkpoint);
  }
  const first = runtime.states.checkpoints(session.id, { limit: 2 });
  const rest = runtime.states.checkpoints(session.id, { cursor: first.nextCursor });
  t.strictSame(
    [...first.items, ...rest.items].map(({ checkpoint }) => checkpoint),
    made,
  );
  t.match(first.items[0], { label: 'same', bytes: Number });
  t.ok((first.items[0]?.bytes ?? 0) > 0);
  await runtime.states.rollback(session.id, { checkpoint: 'same' });
  t.equal(await runtime.value(session, 'n'), 3);
  await runtime.states.rollback(session.id, { checkpoint: made[2] ?? '' });
  t.equal(await runtime.value(session, 'n'), 1);
  const other = await runtime.sessions.create({});
  for (const checkpoint of ['other', made[0] ?? '']) {
    await t.rejects(runtime.states.rollback(other.id, { checkpoint }), { code: 'CHECKPOINT_NOT_FOUND' });
  }
});

t.test('a checkpoint outlives a restart, and going back to it says what was undone', async (t) => {
  const database = `${tempFolder(t)}/v.db`;
  const { runtime, session } = await open(t, { database });
  const first = await runtime.run(session, 'var n = 1');
  const { checkpoint } = await runtime.states.checkpoint(session.id);
  const second = await runtime.run(session, 'n = 2');
  await runtime.close();
  const again = await openTestRuntime(t, { database });
  await again.states.rollback(session.id, { checkpoint });
  t.equal(await again.value(session, 'n'), 1);
  t.notOk(again.executions.get(first.id).undoneAt);
  t.ok(again.executions.get(second.id).undoneAt);
  await again.close();
  t.equal(await (await openTestRuntime(t, { database })).value(session, 'n'), 1);
});

t.test('going back to a checkpoint from before a rollback brings back what that undid', async (t) => {
  const { runtime, session } = await open(t);
  const { id } = await runtime.run(session, 'var n = 1');
  const { checkpoint } = await runtime.states.checkpoint(session.id);
  await runtime.states.rollback(session.id, { execution: id });
  t.ok(runtime.executions.get(id).undoneAt);
  t.equal(await runtime.value(session, 'typeof n'), 'undefined');
  await runtime.states.rollback(session.id, { checkpoint });
  t.notOk(runtime.executions.get(id).undoneAt);
  t.equal(await runtime.value(session, 'n'), 1);
});
