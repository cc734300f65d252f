// Sessions with libraries: loaded once, recorded, in the session's memory from then on, wherever that goes.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RuntimeOptions } from '#src/runtime/types.js';
import { TestLibraries } from '../../fixtures/library-source.js';
import { openTestRuntime } from '../../fixtures/runtime.js';
import { stateRows } from '../../fixtures/states.js';
import { tempFolder } from '../../fixtures/temp.js';

/** Counts in a private variable, so that it can be seen whether two sessions share anything, or one lost it. */
const counter = `
  var hidden = 0, started = Date.now() + '-' + Math.random();
  module.exports = { started, next: () => ++hidden, self: () => require('counter') === module.exports };
`;
const shout = `export const shout = (text) => text.toUpperCase() + '!'; export default shout;`;

const made = () =>
  new TestLibraries({
    'counter@1.0.0': { code: counter, global: 'counter' },
    'shout@2.0.0': { code: shout, global: 'shout', format: 'module' },
  });

async function open(t: Test, options: Partial<RuntimeOptions> & { source?: TestLibraries } = {}) {
  const { source = made(), ...others } = options;
  const runtime = await openTestRuntime(t, { libraries: source, ...others });
  if (options.database === undefined)
    runtime.templates.create({ name: 'x', libraries: ['counter', 'shout@2.0.0'] });
  return { runtime, source, make: () => runtime.sessions.create({ template: 'x' }) };
}

t.test('a library is there as its global, by require and by import', async (t) => {
  const { runtime, source, make } = await open(t);
  const session = await make();
  t.strictSame(
    session.libraries,
    ['counter@1.0.0', 'shout@2.0.0'].map((id) => ({ id, integrity: source.get(id).integrity })),
    'what is loaded is recorded',
  );
  t.notOk('stale' in session);
  t.equal(await runtime.value(session, 'counter.next()'), 1);
  t.equal(await runtime.value(session, 'require("counter").next()'), 2);
  t.equal(await runtime.value(session, '(await import("counter")).default.next()'), 3);
  t.equal(await runtime.value(session, 'counter.self()'), true);
  t.equal(await runtime.value(session, '(await import("shout")).shout("a")'), 'A!');
  t.equal(await runtime.value(session, 'require("shout").shout("b")'), 'B!');
  t.strictSame(runtime.executions.list({ session: session.id }).items.length, 6, 'loading is no execution');
  const bare = await runtime.sessions.create({});
  t.strictSame(bare.libraries, []);
  t.match(await runtime.run(bare, 'require("counter")'), {
    status: 'error',
    error: { message: /vmsys template add-library default counter/ },
  });
});

t.test('the second session of a template is a copy, without startup files too', async (t) => {
  const { runtime, source, make } = await open(t);
  const [first, second] = [await make(), await make()];
  t.equal(source.reads, 2, 'each library was read once');
  t.equal(
    await runtime.value(second, 'counter.started'),
    await runtime.value(first, 'counter.started'),
    'and evaluated once',
  );
  t.strictSame(second.libraries, first.libraries);
  t.strictSame(
    [await runtime.value(first, 'counter.next()'), await runtime.value(second, 'counter.next()')],
    [1, 1],
    'each has its own life',
  );
  runtime.templates.update('x', { runtime: { warm: false } });
  const third = await make();
  t.not(await runtime.value(third, 'counter.started'), await runtime.value(first, 'counter.started'));
  t.equal(source.reads, 4, 'where the template wants it, it is loaded each time');
});

t.test('libraries come in their order, and before startup files', async (t) => {
  const source = new TestLibraries({
    'a@1.0.0': { code: 'globalThis.order = ["a"]; module.exports = {}' },
    'b@1.0.0': { code: 'order.push("b"); module.exports = {}' },
  });
  const runtime = await openTestRuntime(t, { libraries: source });
  const worktree = tempFolder(t);
  writeFileSync(join(worktree, 's.js'), 'order.push("startup", typeof require("b"))');
  runtime.templates.create({ name: 'x', libraries: ['a', 'b'], startup: ['s.js'] });
  for (const kind of ['cold', 'warm']) {
    const session = await runtime.sessions.create({ template: 'x', worktree });
    t.strictSame(await runtime.value(session, 'order'), ['a', 'b', 'startup', 'object'], kind);
  }
  runtime.templates.update('x', { libraries: ['b', 'a'] });
  const failed = runtime.sessions.create({ template: 'x', worktree });
  await t.rejects(failed, {
    code: 'LIBRARY_UNAVAILABLE',
    message: /library b@1\.0\.0 does not load: .*order/,
  });
});

t.test('a session with libraries sleeps, wakes, forks and goes back', async (t) => {
  const { runtime, source, make } = await open(t);
  const session = await make();
  const first = await runtime.run(session, 'counter.next()');
  await runtime.sessions.hibernate(session.id);
  t.equal(await runtime.value(session, 'require("counter").next()'), 2);
  const { checkpoint } = await runtime.states.checkpoint(session.id);
  const fork = await runtime.states.fork(session.id);
  t.strictSame(fork.libraries, session.libraries);
  t.equal(await runtime.value(fork, '(await import("counter")).default.next()'), 3);
  t.equal(await runtime.value(session, 'counter.next()'), 3);
  await runtime.states.rollback(session.id, { checkpoint });
  t.equal(await runtime.value(session, 'counter.next() + shout.shout("x")'), '3X!');
  await runtime.states.rollback(fork.id, {
    execution: runtime.executions.list({ session: fork.id }).items[0]?.id ?? '',
  });
  t.equal(await runtime.value(fork, 'counter.next()'), 3);
  const other = await make();
  const one = await runtime.run(other, 'counter.next()');
  await runtime.states.rollback(other.id, { execution: one.id });
  t.equal(await runtime.value(other, 'counter.next()'), 1, 'back to just after the start');
  t.equal(first.result?.json, 1);
  t.equal(source.reads, 2, 'none of this reads a library');
});

t.test('it survives a restart, also without its cache', async (t) => {
  const { runtime, make } = await open(t);
  const session = await make();
  await runtime.run(session, 'counter.next()');
  await runtime.close();
  const again = await openTestRuntime(t, { database: runtime.database });
  t.equal(await again.value(session.id, 'counter.next() + require("shout").shout("a")'), '2A!');
  t.match(again.sessions.get(session.id), {
    libraries: session.libraries,
    stale: [
      { id: 'counter@1.0.0', change: 'removed' },
      { id: 'shout@2.0.0', change: 'removed' },
    ],
  });
  const third = await again.sessions.create({ template: 'x' });
  t.equal(await again.value(third, 'counter.next()'), 1, 'and a warm start needs none');
});

t.test('a session that was never stored loads its libraries again', async (t) => {
  const { runtime, source, make } = await open(t, { saving: { when: 'exit' } });
  runtime.templates.update('x', { runtime: { warm: false } });
  const session = await make();
  // As after a kill: what was in memory is gone, and nothing of it was stored.
  const copy = `${runtime.database}-copy`;
  const { default: Database } = await import('better-sqlite3');
  await new Database(runtime.database).backup(copy);
  const again = await openTestRuntime(t, { database: copy, libraries: source });
  source.damaged.add('counter@1.0.0');
  await t.rejects(again.run(session, 'counter.next()'), { code: 'INTEGRITY_MISMATCH' });
  t.match(again.sessions.get(session.id), { status: 'ready', residency: 'hibernated' }, 'it may come back');
  source.damaged.clear();
  t.equal(await again.value(session.id, 'counter.next()'), 1);
});

t.test('a library that is missing, damaged or does not load fails the start, and says why', async (t) => {
  const cases: [title: string, spoil: (source: TestLibraries) => void, code: string, message: RegExp][] = [
    ['damaged', (source) => void source.damaged.add('shout@2.0.0'), 'INTEGRITY_MISMATCH', /shout@2\.0\.0/],
    ['removed', (source) => source.remove('shout@2.0.0'), 'LIBRARY_UNAVAILABLE', /shout@2\.0\.0/],
  ];
  for (const [title, spoil, code, message] of cases) {
    const { runtime, source, make } = await open(t);
    spoil(source);
    await t.rejects(make(), { code, message }, title);
    const { items } = runtime.sessions.list();
    t.match(items, [{ status: 'crashed', residency: 'none', lastError: message }], title);
    t.match(runtime.summary(), { sessions: { live: 0 }, workers: { busy: 0 } }, 'and holds no worker');
    t.match(stateRows(runtime.database), { warm_starts: 0, states: 0 });
  }
  const code = '\n\nthrow new TypeError("needs a window")';
  const { runtime, make } = await open(t, {
    source: new TestLibraries({ 'counter@1.0.0': { code }, 'shout@2.0.0': { code: '' } }),
  });
  await t.rejects(make(), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /library counter@1\.0\.0 does not load: .*needs a window/s,
  });
  t.match(runtime.sessions.list().items, [{ status: 'crashed', lastError: /needs a window/ }]);
  t.equal(await runtime.value(await runtime.sessions.create({}), '1'), 1);
});

t.test('libraries load under the limits of the template', async (t) => {
  const source = new TestLibraries({
    'loop@1.0.0': { code: 'for (;;) {}' },
    'native@1.0.0': { code: `('a'.repeat(3e6)).indexOf('a'.repeat(1e6) + 'b')` },
    'fat@1.0.0': { code: 'module.exports = []; for (;;) module.exports.push(new Uint8Array(1e6).fill(1))' },
  });
  const runtime = await openTestRuntime(t, { libraries: source });
  for (const library of ['loop', 'native', 'fat']) {
    runtime.templates.create({ name: library, libraries: [library], limits: { wallMs: 200, memMb: 32 } });
    const starting = runtime.sessions.create({ template: library });
    await t.rejects(
      starting,
      { code: 'LIBRARY_UNAVAILABLE', message: /does not load: .*(?:200|32|memory)/ },
      library,
    );
  }
  t.match(runtime.summary(), { sessions: { crashed: 3, live: 0 } });
  t.equal(await runtime.value(await runtime.sessions.create({}), '1'), 1);
});

t.test('a session that is deleted while it loads does not wait for it', async (t) => {
  const source = new TestLibraries({ 'loop@1.0.0': { code: 'for (;;) {}' } });
  const runtime = await openTestRuntime(t, { libraries: source });
  runtime.templates.create({
    name: 'x',
    libraries: ['loop'],
    limits: { wallMs: 3_600_000, cpuMs: 3_600_000 },
  });
  const starting = runtime.sessions.create({ template: 'x', name: 'slow' });
  const outcome = t.rejects(starting, { code: 'REQUEST_CANCELLED' });
  await runtime.sessions.delete('slow');
  await outcome;
  t.throws(() => runtime.sessions.get('slow'), { code: 'SESSION_NOT_FOUND' });
  t.match(runtime.summary(), { sessions: { live: 0, crashed: 0 } });
});

t.test('editing a template leaves its sessions as they are (lesson 9)', async (t) => {
  const { runtime, source, make } = await open(t);
  const old = await make();
  await runtime.run(old, 'counter.next()');
  const before = runtime.templates.get('x');
  t.match(runtime.templates.removeLibrary('x', 'shout'), {
    version: 2,
    libraries: [{ id: 'counter@1.0.0' }],
  });
  t.throws(() => runtime.templates.removeLibrary('x', 'shout'), { code: 'LIBRARY_NOT_FOUND' });
  source.put('more@1.0.0', { code: 'module.exports = 5', global: 'more' });
  t.match(runtime.templates.addLibrary('x', 'more'), { version: 3, libraries: [{}, { id: 'more@1.0.0' }] });
  source.put('counter@2.0.0', { code: 'module.exports = 2', global: 'counter2' });
  t.throws(() => runtime.templates.addLibrary('x', 'counter'), {
    code: 'VALIDATION_ERROR',
    message: /counter@1\.0\.0 and counter@2\.0\.0 are both imported as "counter"/,
  });
  t.equal(runtime.templates.get('x').version, 3, 'a refused change is no version');
  const fresh = await make();
  t.match(fresh, { templateVersion: 3, libraries: [{ id: 'counter@1.0.0' }, { id: 'more@1.0.0' }] });
  t.strictSame(await runtime.value(fresh, '[typeof shout, more, counter.next()]'), ['undefined', 5, 1]);
  t.strictSame(await runtime.value(old, '[require("shout").shout("a"), typeof more, counter.next()]'), [
    'A!',
    'undefined',
    2,
  ]);
  await runtime.sessions.hibernate(old.id);
  t.strictSame(await runtime.value(old, '[require("shout").shout("a"), counter.next()]'), ['A!', 3]);
  t.strictSame(runtime.sessions.get(old.id).libraries, before.libraries);
});
