// Going back to just before an execution: how far, over what, and where not.
import t from 'tap';
import type { Execution, Session } from '#src/records/index.js';
import { nativeLoop, openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { sql } from '../../fixtures/states.js';
import { tempFolder, type Teardown } from '../../fixtures/temp.js';

const unavailable = { code: 'STATE_UNAVAILABLE' };

async function open(
  t: Teardown,
  options: Parameters<typeof openTestRuntime>[1] = {},
): Promise<{ runtime: TestRuntime; session: Session }> {
  const runtime = await openTestRuntime(t, options);
  return { runtime, session: await runtime.sessions.create({}) };
}

/** Sets `n` to 1, 2, …; answers the executions that did. */
async function count(runtime: TestRuntime, session: Session, to: number): Promise<Execution[]> {
  const made: Execution[] = [];
  for (let n = 1; n <= to; n++) made.push(await runtime.run(session, `var n = ${n}`));
  return made;
}

const at = <T>(list: readonly T[], index: number): T => {
  const item = list.at(index);
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
};

t.test('rollback reaches back over 20 executions, and one more is refused', async (t) => {
  const { runtime, session } = await open(t);
  const made = await count(runtime, session, 25);
  await t.rejects(runtime.states.rollback(session.id, { execution: at(made, -21).id }), unavailable);
  t.equal(await runtime.value(session, 'n'), 25, 'a refused rollback changes nothing');
  // Looking was an execution as well.
  await runtime.states.rollback(session.id, { execution: at(made, -19).id });
  t.equal(await runtime.value(session, 'n'), 6);
});

t.test('20 executions can be undone although the session slept after each of them', async (t) => {
  const { runtime, session } = await open(t);
  const made: Execution[] = [];
  for (let n = 1; n <= 22; n++) {
    made.push(await runtime.run(session, `var n = ${n}`));
    await runtime.sessions.hibernate(session.id);
  }
  await runtime.states.rollback(session.id, { execution: at(made, -20).id });
  t.equal(await runtime.value(session, 'n'), 2);
});

t.test('20 executions can be undone although an interval ticked in between', async (t) => {
  const { runtime, session } = await open(t);
  const [first] = [await runtime.run(session, 'var ticks = 0; var n = 0')];
  await runtime.run(session, 'var beat = setInterval(() => { ticks++ }, 1)');
  while (Number(await runtime.value(session, 'ticks')) < 60) {
    await runtime.run(session, 'await new Promise((resolve) => setTimeout(resolve, 60))');
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  await runtime.run(session, 'clearInterval(beat); n = 1');
  await runtime.states.rollback(session.id, { execution: first.id });
  t.equal(await runtime.value(session, 'typeof ticks'), 'undefined');
});

t.test('rollback reaches back over a restart', async (t) => {
  const database = `${tempFolder(t)}/v.db`;
  const { runtime, session } = await open(t, { database });
  const made = await count(runtime, session, 10);
  await runtime.close();
  const again = await openTestRuntime(t, { database });
  await again.run(session, 'n = 11');
  await again.states.rollback(session.id, { execution: at(made, 4).id });
  t.equal(await again.value(session, 'n'), 4);
  t.match(again.sessions.get(session.id), { restoredFrom: `before execution ${at(made, 4).id}` });
});

t.test('rollback is stored: a restart keeps it', async (t) => {
  for (const when of ['always', 'idle', 'exit'] as const) {
    const database = `${tempFolder(t)}/v.db`;
    const { runtime, session } = await open(t, { database, saving: { when } });
    const made = await count(runtime, session, 3);
    await runtime.states.rollback(session.id, { execution: at(made, 1).id });
    await runtime.close();
    const again = await openTestRuntime(t, { database });
    t.equal(await again.value(session, 'n'), 1, when);
    await again.close();
  }
});

t.test('after a rollback the session goes on, and can be taken back again', async (t) => {
  const { runtime, session } = await open(t);
  const made = await count(runtime, session, 5);
  await runtime.states.rollback(session.id, { execution: at(made, 3).id });
  const other = await runtime.run(session, 'n = "other"');
  await runtime.run(session, 'n = "more"');
  await runtime.states.rollback(session.id, { execution: other.id });
  t.equal(await runtime.value(session, 'n'), 3);
  await runtime.states.rollback(session.id, { execution: at(made, 1).id });
  t.equal(await runtime.value(session, 'n'), 1);
});

t.test('an execution that was undone is no place to go back to', async (t) => {
  const { runtime, session } = await open(t);
  const made = await count(runtime, session, 5);
  await runtime.states.rollback(session.id, { execution: at(made, 1).id });
  // Just before the last, n was 4: that is gone.
  await t.rejects(runtime.states.rollback(session.id, { execution: at(made, 4).id }), unavailable);
  t.equal(await runtime.value(session, 'n'), 1);
});

t.test('what was before a checkpoint is out of reach once the session went back to it', async (t) => {
  const { runtime, session } = await open(t);
  const made = await count(runtime, session, 3);
  const { checkpoint } = await runtime.states.checkpoint(session.id);
  const after = await runtime.run(session, 'n = "after"');
  await runtime.states.rollback(session.id, { checkpoint });
  for (const { id } of [...made, after]) {
    await t.rejects(runtime.states.rollback(session.id, { execution: id }), unavailable);
  }
  t.equal(await runtime.value(session, 'n'), 3);
  const next = await runtime.run(session, 'n = "next"');
  await runtime.states.rollback(session.id, { execution: next.id });
  t.equal(await runtime.value(session, 'n'), 3);
});

t.test('before an execution that was rolled back is where it left the session', async (t) => {
  const { runtime, session } = await open(t);
  const first = await runtime.run(session, 'throw 0', { onFailure: 'rollback' });
  await runtime.run(session, 'var n = 1');
  const failed = await runtime.run(session, 'n = 2; throw new Error("no")', { onFailure: 'rollback' });
  t.match(failed, { status: 'error', state: 'rolled_back' });
  t.match(await runtime.states.rollback(session.id, { execution: failed.id }), { status: 'ready' });
  t.equal(await runtime.value(session, 'n'), 1, 'nothing came after it');
  await runtime.run(session, 'n = 3');
  await runtime.states.rollback(session.id, { execution: failed.id });
  t.equal(await runtime.value(session, 'n'), 1, 'what came after it is undone');
  await runtime.states.rollback(session.id, { execution: first.id });
  t.equal(await runtime.value(session, 'typeof n'), 'undefined', 'it was the first of all');
});

t.test('a failed execution whose effect was kept can be undone', async (t) => {
  const { runtime, session } = await open(t);
  await runtime.run(session, 'var n = 1');
  const failed = await runtime.run(session, 'n = 2; throw new Error("no")');
  t.equal(await runtime.value(session, 'n'), 2);
  await runtime.states.rollback(session.id, { execution: failed.id });
  t.equal(await runtime.value(session, 'n'), 1);
});

t.test('rollback reaches back over a worker that was killed', async (t) => {
  const { runtime, session } = await open(t);
  const made = await count(runtime, session, 3);
  const killed = await runtime.run(session, `n = "lost"; ${nativeLoop}`, { timeoutMs: 50 });
  t.match(killed, { status: 'timeout', state: 'rolled_back' });
  t.equal(await runtime.value(session, 'n'), 3);
  await runtime.run(session, 'n = 4');
  await runtime.states.rollback(session.id, { execution: at(made, 2).id });
  t.equal(await runtime.value(session, 'n'), 2);
  await runtime.run(session, `n = "lost"; ${nativeLoop}`, { timeoutMs: 50 });
  await runtime.states.rollback(session.id, { execution: at(made, 1).id });
  t.equal(await runtime.value(session, 'n'), 1, 'no worker was there when it was taken back');
});

t.test('rollback reaches back over memory that grew', async (t) => {
  const { runtime, session } = await open(t);
  await runtime.run(session, 'var small = new Map([[1, "one"]])');
  const grew = await runtime.run(
    session,
    'var big = Array.from({ length: 6e5 }, (_, at) => ({ at })); big.length',
  );
  t.match(grew, { status: 'ok', result: { json: 6e5 } });
  await runtime.run(session, 'small.set(2, big[5e5].at)');
  await runtime.states.rollback(session.id, { execution: grew.id });
  t.equal(await runtime.value(session, 'typeof big'), 'undefined');
  t.match(await runtime.run(session, 'small'), { result: { preview: "Map(1) { 1 => 'one' }" } });
  await runtime.sessions.hibernate(session.id);
  t.equal(await runtime.value(session, 'Array.from({ length: 6e5 }, (_, at) => ({ at })).length'), 6e5);
  t.equal(await runtime.value(session, 'small.get(1)'), 'one');
});

t.test('executions of other sessions, and of none, are not found', async (t) => {
  const { runtime, session } = await open(t);
  const other = await runtime.sessions.create({});
  const foreign = await runtime.run(other, 'var n = 1');
  const notFound = { code: 'EXECUTION_NOT_FOUND' };
  for (const execution of [foreign.id, 'exe_0123456789abcdef', 'x']) {
    await t.rejects(runtime.states.rollback(session.id, { execution }), notFound, execution);
  }
  const own = await runtime.run(session, 'var n = 1');
  const fork = await runtime.states.fork(session.id);
  await t.rejects(
    runtime.states.rollback(fork.id, { execution: own.id }),
    notFound,
    'of what it was forked from',
  );
});

t.test('undo of none: nothing is kept, and going back is refused', async (t) => {
  const { runtime, session } = await open(t, { undo: { executions: 0 } });
  const made = await count(runtime, session, 2);
  await t.rejects(runtime.states.rollback(session.id, { execution: at(made, 1).id }), unavailable);
  t.equal(await runtime.value(session, 'n'), 2);
  await runtime.sessions.hibernate(session.id);
  t.strictSame(sql(runtime.database, 'SELECT * FROM undos'), []);
});

t.test('undo of one: the last execution can be undone, the one before not', async (t) => {
  const { runtime, session } = await open(t, { undo: { executions: 1 } });
  const made = await count(runtime, session, 3);
  await t.rejects(runtime.states.rollback(session.id, { execution: at(made, 1).id }), unavailable);
  await runtime.states.rollback(session.id, { execution: at(made, 2).id });
  t.equal(await runtime.value(session, 'n'), 2);
});

t.test('undo of few bytes: a large change is not kept, and nothing from before it is', async (t) => {
  const { runtime, session } = await open(t, { undo: { bytes: 256 * 1024 } });
  const made = await count(runtime, session, 2);
  const large = await runtime.run(session, 'var large = Array.from({ length: 1e5 }, (_, at) => [at]); n = 3');
  const after = await runtime.run(session, 'n = 4');
  for (const { id } of [...made, large]) {
    await t.rejects(runtime.states.rollback(session.id, { execution: id }), unavailable);
  }
  await runtime.states.rollback(session.id, { execution: after.id });
  t.equal(await runtime.value(session, 'n'), 3);
});

t.test(
  'rollback while the session runs is SESSION_BUSY; closed and crashed ones are not ready',
  async (t) => {
    const { runtime, session } = await open(t);
    const [first] = await count(runtime, session, 1);
    const target = { execution: first?.id ?? '' };
    const running = runtime.run(session, 'for (;;);', { timeoutMs: 300 });
    await t.rejects(runtime.states.rollback(session.id, target), { code: 'SESSION_BUSY' });
    await running;
    await runtime.sessions.close(session.id);
    await t.rejects(runtime.states.rollback(session.id, target), { code: 'SESSION_NOT_READY' });
  },
);

t.test('onFailure rollback undoes a failed call whole, and keeps one that did not fail', async (t) => {
  const { runtime, session } = await open(t);
  await runtime.run(session, 'var n = 1; var list = [1]; let later');
  for (const code of [
    'n = 2; list.push(2); globalThis.added = 1; throw new Error("no")',
    'n = 2; later = Promise.reject(new Error("no")); await later',
    'n = 2; await null; list.length = 0; null.x',
    'delete globalThis.list; n = missing',
    'syntax error',
    'n = 2; (function deep() { return deep() })()',
  ]) {
    t.match(await runtime.run(session, code, { onFailure: 'rollback' }), { state: 'rolled_back' }, code);
    t.strictSame(await runtime.value(session, '[n, list, typeof added, typeof later]'), [
      1,
      [1],
      'undefined',
      'undefined',
    ]);
  }
  t.match(await runtime.run(session, 'n = 5', { onFailure: 'rollback' }), { status: 'ok', state: 'kept' });
  t.equal(await runtime.value(session, 'n'), 5);
});
