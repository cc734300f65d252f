// Executions as clients see them: who runs when, cancelling, runs of files, lists.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openTestRuntime, printed } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const forever = 'for (;;) {}';

t.test('a second call to a busy session is refused at once, or waits its turn', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({ name: 'busy' });
  await runtime.run('busy', 'globalThis.order = []');
  const first = runtime.run('busy', forever);
  await t.rejects(runtime.run('busy', '1'), { code: 'SESSION_BUSY', message: /ifBusy/ });
  await t.rejects(runtime.sessions.hibernate('busy'), { code: 'SESSION_BUSY' });
  const waiting = Array.from({ length: 10 }, (_, n) =>
    runtime.run('busy', `order.push(${n})`, { ifBusy: 'wait' }),
  );
  t.equal(runtime.sessions.interrupt('busy'), true);
  t.match(await first, { status: 'cancelled', state: 'kept' });
  for (const call of waiting) t.match(await call, { status: 'ok' });
  t.strictSame(
    await runtime.value('busy', 'order'),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    'first come, first served',
  );
  t.equal(runtime.sessions.interrupt(session.id), false, 'nothing runs');
});

t.test('the line of those who wait is bounded', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const first = runtime.run(session, forever);
  const cancel = new AbortController();
  const waiting = Array.from({ length: 64 }, () =>
    runtime.executions.repl({ session: session.id, code: '1', ifBusy: 'wait' }, { signal: cancel.signal }),
  );
  await t.rejects(runtime.run(session, '1', { ifBusy: 'wait' }), { code: 'OVERLOADED', message: /64/ });
  cancel.abort();
  for (const call of waiting) await t.rejects(call, { code: 'REQUEST_CANCELLED' });
  runtime.sessions.interrupt(session.id);
  t.match(await first, { status: 'cancelled' });
  t.equal(await runtime.value(session, '1 + 1'), 2);
  t.equal(runtime.summary().executions.total, 2, 'those who waited in vain never became executions');
});

t.test('one that is cancelled while it waits leaves the line to the others', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  const first = runtime.run(session, forever);
  const cancel = new AbortController();
  const second = runtime.executions.repl(
    { session: session.id, code: '2', ifBusy: 'wait' },
    { signal: cancel.signal },
  );
  const third = runtime.run(session, '3', { ifBusy: 'wait' });
  const aborted = runtime.executions.repl(
    { session: session.id, code: '4', ifBusy: 'wait' },
    { signal: AbortSignal.abort() },
  );
  await t.rejects(aborted, { code: 'REQUEST_CANCELLED' });
  cancel.abort();
  await t.rejects(second, { code: 'REQUEST_CANCELLED' });
  runtime.sessions.interrupt(session.id);
  t.match(await first, { status: 'cancelled' });
  t.match(await third, { result: { json: 3 } });
});

t.test('an execution is cancelled by its id, its session or its signal', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  for (const code of [forever, 'await new Promise((done) => setTimeout(done, 1e6))']) {
    let id = '';
    const byId = runtime.executions.repl(
      { session: session.id, code },
      { onStart: (execution) => (id = execution) },
    );
    await until('it to run', () => id !== '');
    t.equal(runtime.executions.cancel(id), true);
    t.match(await byId, { status: 'cancelled', error: { name: 'CancelledError' } });
    t.equal(runtime.executions.cancel(id), false, 'it runs no more');
    const already = runtime.executions.repl({ session: session.id, code }, { signal: AbortSignal.abort() });
    t.match(await already, { status: 'cancelled' }, 'aborted before it began');
  }
  t.throws(() => runtime.executions.cancel('exe_0123456789abcdef'), { code: 'EXECUTION_NOT_FOUND' });
});

t.test('a file is run with its arguments and environment', async (t) => {
  const runtime = await openTestRuntime(t, { environment: { GRANTED: 'yes', HIDDEN: 'no', OFF: 'no' } });
  const worktree = tempFolder(t);
  writeFileSync(
    join(worktree, 'main.js'),
    'console.log(vmsys.args, process.argv, process.env); setTimeout(() => console.log("later"), 5); 42',
  );
  writeFileSync(
    join(worktree, 'mod.mjs'),
    'export const x = await Promise.resolve(7); globalThis.fromModule = x;',
  );
  writeFileSync(join(worktree, 'notes.txt'), '1');
  runtime.templates.create({
    name: 'granting',
    env: { OWN: 'template', BOTH: 'template', NEVER: 'template' },
    capabilities: [
      { kind: 'env', name: 'NEVER', enabled: false },
      { kind: 'env', name: 'GRANTED' },
      { kind: 'env', name: 'ABSENT' },
      { kind: 'env', name: 'OFF', enabled: false },
    ],
  });
  const { id: session } = await runtime.sessions.create({ template: 'granting', worktree });
  const run = await runtime.executions.runFile({
    session,
    path: './main.js',
    args: ['a', 'b c'],
    env: { BOTH: 'run', RUN: '1' },
  });
  t.match(run, {
    kind: 'run_file',
    path: 'main.js',
    args: ['a', 'b c'],
    env: { BOTH: 'run', RUN: '1' },
    status: 'ok',
    result: { json: 42 },
  });
  t.strictSame(printed(run), [
    `[ 'a', 'b c' ] [ 'vmsys', '${worktree}/main.js', 'a', 'b c' ] { GRANTED: 'yes', OWN: 'template', BOTH: 'run', RUN: '1' }`,
    'later',
  ]);
  t.match(run.events?.[0], { type: 'input_echo', payload: { text: 'main.js a b c' } });
  t.strictSame(await runtime.value(session, 'process.env'), {
    GRANTED: 'yes',
    OWN: 'template',
    BOTH: 'template',
  });
  t.match(await runtime.executions.runFile({ session, path: 'mod.mjs' }), { status: 'ok' });
  t.equal(await runtime.value(session, 'fromModule'), 7);
  const early = await runtime.executions.runFile({ session, path: 'main.js', until: 'value' });
  t.equal(printed(early).length, 1, 'until: value does not wait for timeouts');
});

t.test('a file that may not run is refused and never becomes an execution', async (t) => {
  const runtime = await openTestRuntime(t);
  const folder = tempFolder(t);
  const worktree = join(folder, 'tree');
  mkdirSync(worktree);
  writeFileSync(join(folder, 'secret.js'), '1');
  symlinkSync('../secret.js', join(worktree, 'out.js'));
  writeFileSync(join(worktree, 'data.json'), '1');
  const { id: session } = await runtime.sessions.create({ worktree });
  const bare = await runtime.sessions.create({});
  const refused: [path: string, code: string][] = [
    ['out.js', 'INVALID_PATH'],
    ['../secret.js', 'INVALID_PATH'],
    [join(folder, 'secret.js'), 'INVALID_PATH'],
    ['data.json', 'INVALID_PATH'],
    ['none.js', 'FILE_NOT_FOUND'],
  ];
  for (const [path, code] of refused)
    await t.rejects(runtime.executions.runFile({ session, path }), { code }, path);
  await t.rejects(runtime.executions.runFile({ session: bare.id, path: 'a.js' }), {
    code: 'INVALID_PATH',
    message: /no worktree/,
  });
  t.equal(runtime.summary().executions.total, 0);
  t.equal(await runtime.value(session, '1'), 1, 'the session is free again');
});

t.test('executions are listed newest first, filtered, in pages', async (t) => {
  const runtime = await openTestRuntime(t);
  const [one, two] = [await runtime.sessions.create({ name: 'one' }), await runtime.sessions.create({})];
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push((await runtime.run(one, `${n}`)).id);
  const failed = await runtime.run(two, 'throw 1');
  const first = runtime.executions.list({ session: 'one', limit: 2 });
  t.strictSame(
    first.items.map(({ id }) => id),
    [ids[4], ids[3]],
  );
  const second = runtime.executions.list({ session: 'one', limit: 2, cursor: first.nextCursor });
  const third = runtime.executions.list({ session: 'one', limit: 2, cursor: second.nextCursor });
  t.strictSame(
    [...second.items, ...third.items].map(({ id }) => id),
    [ids[2], ids[1], ids[0]],
  );
  t.equal(third.nextCursor, undefined);
  t.strictSame(
    runtime.executions.list({ status: 'error' }).items.map(({ id }) => id),
    [failed.id],
  );
  t.equal(runtime.executions.list().items.length, 6);
  t.equal(first.items[0]?.events, undefined, 'without events');
  for (const limit of [0, 501, 1.5, NaN])
    t.throws(() => runtime.executions.list({ limit }), { code: 'VALIDATION_ERROR' });
  for (const cursor of ['', 'x', '-1', '1e3'])
    t.throws(() => runtime.executions.list({ cursor }), { code: 'VALIDATION_ERROR' });
  t.throws(() => runtime.executions.list({ session: 'nobody' }), { code: 'SESSION_NOT_FOUND' });
  t.throws(() => runtime.executions.get('exe_0123456789abcdef'), { code: 'EXECUTION_NOT_FOUND' });
  t.throws(() => runtime.executions.events('exe_0123456789abcdef'), { code: 'EXECUTION_NOT_FOUND' });
});

t.test(
  'a timer that is left behind runs as an execution of its own, also while its session is saved',
  async (t) => {
    const runtime = await openTestRuntime(t, { saving: { when: 'idle', afterIdleMs: 5 } });
    const session = await runtime.sessions.create({});
    await runtime.run(
      session,
      `globalThis.ticks = 0; const id = setInterval(() => { console.log('tick', ++ticks); if (ticks === 40) clearInterval(id) }, 7)`,
    );
    await until('forty ticks', () => runtime.executions.list({ session: session.id }).items.length === 41);
    t.equal(await runtime.value(session, 'ticks'), 40);
    const [tick] = runtime.executions
      .list({ session: session.id, limit: 2 })
      .items.filter(({ kind }) => kind === 'timer');
    t.match(tick, { kind: 'timer', status: 'ok', state: 'kept' });
  },
);

t.test('listeners hear of everything until they stop listening', async (t) => {
  const runtime = await openTestRuntime(t);
  const heard: string[] = [];
  const stop = runtime.listen((event) =>
    heard.push(
      event.kind === 'execution_event'
        ? event.event.type
        : event.kind === 'session_changed'
          ? event.session.status
          : event.kind,
    ),
  );
  const session = await runtime.sessions.create({});
  await runtime.run(session, 'console.log(1)');
  await runtime.sessions.delete(session.id);
  t.strictSame(heard, ['ready', 'input_echo', 'console', 'value', 'closed', 'session_deleted']);
  stop();
  await runtime.sessions.create({});
  t.equal(heard.length, 6);
});

t.test('a call can be interrupted before its worker begins with it', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  await runtime.run(session, 'globalThis.ran = 0');
  for (const code of [forever, 'ran = 1']) {
    await runtime.sessions.hibernate(session.id);
    const call = runtime.run(session, code);
    t.equal(runtime.sessions.interrupt(session.id), true, 'asleep');
    t.match(await call, { status: 'cancelled', state: 'kept', error: { name: 'CancelledError' } });
    const awake = runtime.run(session, code);
    t.equal(runtime.sessions.interrupt(session.id), true, 'awake');
    t.match(await awake, { status: 'cancelled' });
  }
  t.equal(await runtime.value(session, 'ran'), 0, 'none of its code ran, and the next call is not meant');
  await runtime.sessions.hibernate(session.id);
  const cancel = new AbortController();
  const cancelled = runtime.executions.repl(
    { session: session.id, code: 'ran = 1' },
    { signal: cancel.signal },
  );
  cancel.abort();
  t.match(await cancelled, { status: 'cancelled' });
  const completing = runtime.sessions.complete(session.id, 'ra');
  t.equal(runtime.sessions.interrupt(session.id), false, 'a look-up is no execution');
  t.match(await completing, { items: ['ran'] });
  const waiting = runtime.run(session, 'setTimeout(() => { ran = 2 }, 20)');
  await waiting;
  await runtime.sessions.hibernate(session.id);
  const interrupted = runtime.run(session, forever);
  runtime.sessions.interrupt(session.id);
  await interrupted;
  await until('timers go on', async () => (await runtime.value(session, 'ran')) === 2);
});
