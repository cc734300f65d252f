// Warm starts: startup files run once, later sessions are a copy of where they led, and no one can tell the difference.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Session } from '#src/records/index.js';
import { openTestRuntime, printed, type TestRuntime } from '../../fixtures/runtime.js';
import { stateRows } from '../../fixtures/states.js';
import { tempFolder, type Teardown } from '../../fixtures/temp.js';

const startup = `
  const started = Date.now() + '-' + performance.now() + '-' + crypto.randomUUID();
  console.log('starting', typeof started);
  class Counter { #n = 0; next() { return ++this.#n } }
  const counter = new Counter; counter.next();
  const steps = (function* () { yield* [1, 2, 3] })(); steps.next();
  var later = new Promise((resolve) => setTimeout(resolve, 20, 'from the start'));
  let open; var gate = new Promise((resolve) => { open = resolve });
  Math.random();
`;

/** `started` tells one run of the startup file from another. */
async function open(t: Teardown, options: Parameters<typeof openTestRuntime>[1] = {}) {
  const runtime = await openTestRuntime(t, options);
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 'a.js'), startup);
  runtime.templates.create({ name: 'x', startup: ['a.js'] });
  return { runtime, worktree, make: () => runtime.sessions.create({ template: 'x', worktree }) };
}

const runOf = (runtime: TestRuntime, session: Session): Promise<unknown> => runtime.value(session, 'started');

/** Everything a session can tell of its start, but for what must differ. */
const probe = `(async () => [counter.next(), steps.next().value, await later,
  (open('opened'), await gate), Object.keys(globalThis).join(), setTimeout(() => {}, 1), new Error('x').stack])()`;

t.test('a warm session answers as a cold one', async (t) => {
  const { runtime, make } = await open(t);
  const cold = await make();
  const warm = await make();
  t.equal(await runOf(runtime, cold), await runOf(runtime, warm), 'the file ran once');
  t.strictSame(await runtime.value(warm, probe), await runtime.value(cold, probe));
  const third = await make();
  t.not(await runtime.value(third, 'Math.random()'), await runtime.value(await make(), 'Math.random()'));
  await runtime.sessions.hibernate(third.id);
  t.strictSame(
    await runtime.value(third, '[counter.next(), steps.next().value]'),
    [2, 2],
    'it has its own life',
  );
});

t.test('what a startup file printed is recorded for each session', async (t) => {
  const { runtime, make } = await open(t);
  const records = [];
  for (const session of [await make(), await make(), await make()]) {
    const { items } = runtime.executions.list({ session: session.id });
    t.match(items, [{ kind: 'startup', path: 'a.js', status: 'ok', state: 'kept', sessionId: session.id }]);
    const events = runtime.executions.events(items[0]?.id ?? '').items;
    t.strictSame(
      events.map(({ seq }) => seq),
      events.map((_, at) => at + 1),
    );
    t.equal(items[0]?.metrics.events, events.length);
    records.push({ id: items[0]?.id, text: printed({ ...items[0], events } as never) });
  }
  t.equal(new Set(records.map(({ id }) => id)).size, 3);
  for (const { text } of records) t.strictSame(text, ['starting string']);
});

t.test('whatever a start can see makes another start when it changes', async (t) => {
  const environment: Record<string, string> = { GRANTED: '1', SECRET: '1' };
  const { runtime, worktree, make } = await open(t, { environment });
  const runs = [await runOf(runtime, await make())];
  const changes: Record<string, () => void> = {
    'the content of the file': () => writeFileSync(join(worktree, 'a.js'), `${startup}\n// changed`),
    'the env of the template': () => void runtime.templates.update('x', { env: { A: '1' } }),
    'a limit of the template': () => void runtime.templates.update('x', { limits: { memMb: 64 } }),
    'a granted variable': () => {
      runtime.templates.addCapability('x', { kind: 'env', name: 'GRANTED' });
    },
    'the value of a granted variable': () => (environment['GRANTED'] = '2'),
    'a further file': () => {
      writeFileSync(join(worktree, 'b.js'), 'var b = 1');
      runtime.templates.addStartup('x', { path: 'b.js' });
    },
  };
  for (const [change, make_] of Object.entries(changes)) {
    make_();
    const run = await runOf(runtime, await make());
    t.notOk(runs.includes(run), change);
    t.equal(await runOf(runtime, await make()), run, `${change}: and that is kept`);
    runs.push(run);
  }
  environment['SECRET'] = '2';
  t.equal(await runOf(runtime, await make()), runs.at(-1), 'what it cannot see makes none');
});

t.test('starts that are out of date are given up, their sessions live on', async (t) => {
  const { runtime, worktree, make } = await open(t);
  const first = await make();
  await runtime.sessions.hibernate(first.id);
  for (let n = 0; n < 8; n++) {
    writeFileSync(join(worktree, 'a.js'), `${startup}\nvar n = ${n}`);
    await make();
  }
  t.ok((stateRows(runtime.database)['warm_starts'] ?? 0) <= 4);
  t.strictSame(await runtime.value(first, '[counter.next(), steps.next().value]'), [2, 2]);
  await runtime.sessions.hibernate(first.id);
  t.equal(await runtime.value(first, 'counter.next()'), 3);
});

t.test('a template that asks for it runs its files for each session', async (t) => {
  const { runtime, make } = await open(t);
  runtime.templates.update('x', { runtime: { warm: false } });
  t.not(await runOf(runtime, await make()), await runOf(runtime, await make()));
  t.match(stateRows(runtime.database), { warm_starts: 0 });
});

t.test('a start that fails is not kept, and runs again', async (t) => {
  const { runtime, worktree, make } = await open(t);
  writeFileSync(join(worktree, 'a.js'), 'console.log("tried"); throw new TypeError("no")');
  for (const _ of [1, 2]) {
    await t.rejects(make(), { code: 'STARTUP_FAILED', details: { error: { name: 'TypeError' } } });
  }
  const { items } = runtime.executions.list();
  t.equal(items.length, 2);
  for (const { id } of items) t.match(runtime.executions.events(id).items[1], { payload: { text: 'tried' } });
  t.match(stateRows(runtime.database), { warm_starts: 0, images: 0 });
  writeFileSync(join(worktree, 'a.js'), startup);
  t.match(await make(), { status: 'ready' });
});

t.test('two sessions that start at once are two whole sessions', async (t) => {
  const { runtime, make } = await open(t);
  const both = await Promise.all([make(), make(), make()]);
  for (const session of both) {
    t.strictSame(await runtime.value(session, '[counter.next(), steps.next().value]'), [2, 2]);
    t.equal(runtime.executions.list({ session: session.id }).items.length, 2);
  }
  t.match(stateRows(runtime.database), { warm_starts: 1 });
  for (const { id } of both) await runtime.sessions.delete(id);
  t.match(stateRows(runtime.database), { warm_starts: 1, images: 1, states: 0 }, 'no image too many');
});

t.test('a warm start outlives a restart and the session that it was made for', async (t) => {
  const database = join(tempFolder(t), 'v.db');
  const { runtime, worktree, make } = await open(t, { database });
  const first = await make();
  const run = await runOf(runtime, first);
  await runtime.sessions.delete(first.id);
  await runtime.close();
  const again = await openTestRuntime(t, { database });
  const session = await again.sessions.create({ template: 'x', worktree });
  t.equal(await runOf(again, session), run);
});

t.test('a session as it started costs next to nothing on disk', async (t) => {
  const { runtime, worktree, make } = await open(t);
  writeFileSync(join(worktree, 'a.js'), 'var list = Array.from({ length: 1e4 }, (_, at) => [at])');
  await make();
  const session = await make();
  await runtime.sessions.hibernate(session.id);
  t.equal(runtime.sessions.get(session.id).storedBytes, 0);
  await runtime.run(session, 'var n = 1');
  await runtime.sessions.hibernate(session.id);
  const { storedBytes } = runtime.sessions.get(session.id);
  t.ok(storedBytes > 0 && storedBytes < 64 * 1024, `${storedBytes} bytes`);
});

t.test('a file that is gone is missed, warm or not', async (t) => {
  const { worktree, make } = await open(t);
  await make();
  rmSync(join(worktree, 'a.js'));
  await t.rejects(make(), { code: 'FILE_NOT_FOUND' });
});

t.test('nothing before the start can be gone back to', async (t) => {
  const { runtime, make } = await open(t);
  for (const session of [await make(), await make()]) {
    const { items } = runtime.executions.list({ session: session.id });
    const target = { execution: items[0]?.id ?? '' };
    await t.rejects(runtime.states.rollback(session.id, target), { code: 'STATE_UNAVAILABLE' });
    const first = await runtime.run(session, 'counter.next()');
    await runtime.states.rollback(session.id, { execution: first.id });
    t.equal(await runtime.value(session, 'counter.next()'), 2, 'back to the start itself');
  }
});

t.test('a start that reached files or the host is made anew for each session', async (t) => {
  const { runtime, worktree } = await open(t);
  const other = tempFolder(t);
  const write = (folder: string, text: string): void => {
    writeFileSync(join(folder, 'cfg.json'), JSON.stringify(text));
    writeFileSync(join(folder, 'data.txt'), text);
  };
  write(worktree, 'one');
  write(other, 'two');
  const starts: Record<string, string> = {
    'a file that is required': `var seen = require('./cfg.json')`,
    'a file that is read': `var seen = require('fs').readFileSync('data.txt', 'utf8')`,
    'a file that is not there': `try { require('./none') } catch {} var seen = crypto.randomUUID()`,
    'a descriptor': `var into, fs = require('fs'), seen = fs.readSync(fs.openSync('data.txt'), into = new Uint8Array(9)) + String(into)`,
  };
  const template = { template: 'x' };
  runtime.templates.addCapability('x', { kind: 'module', name: 'fs' });
  for (const [start, code] of Object.entries(starts)) {
    for (const folder of [worktree, other]) writeFileSync(join(folder, 'a.js'), code);
    const seen = async (folder: string): Promise<unknown> =>
      runtime.value(await runtime.sessions.create({ ...template, worktree: folder }), 'seen');
    write(worktree, 'one');
    const first = await seen(worktree);
    t.not(await seen(other), first, `${start}, in another worktree`);
    write(worktree, 'three');
    t.not(await seen(worktree), first, `${start}, after a change`);
  }
  t.match(stateRows(runtime.database), { warm_starts: 0 });
});

t.test('a start that asked only for what the template has is kept', async (t) => {
  const { runtime, worktree, make } = await open(t);
  runtime.templates.addCapability('x', { kind: 'module', name: 'path' });
  writeFileSync(
    join(worktree, 'a.js'),
    `try { require('util') } catch {} const started = require('path').join('a', crypto.randomUUID())`,
  );
  t.equal(await runOf(runtime, await make()), await runOf(runtime, await make()));
});
