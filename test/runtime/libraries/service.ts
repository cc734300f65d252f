// The runtime as the cache of libraries sees it: it tries them, knows their users, and takes up what changed.
import t from 'tap';
import type { RuntimeEvent } from '#src/runtime/types.js';
import { TestLibraries } from '../../fixtures/library-source.js';
import { openTestRuntime } from '../../fixtures/runtime.js';
import { stateRows } from '../../fixtures/states.js';
import { until } from '../../fixtures/until.js';

const candidate = (code: string, more: object = {}) => ({
  id: 'try@1.0.0',
  name: 'try',
  format: 'script' as const,
  code,
  ...more,
});

t.test('a library is tried in an engine of its own', async (t) => {
  const { libraries, summary } = await openTestRuntime(t);
  const { exports } = await libraries.check(candidate('exports.a = 1; exports.b = () => 2'));
  t.strictSame(exports.toSorted(), ['a', 'b']);
  const module = candidate('export const c = 1; export default 2', { format: 'module' });
  t.match((await libraries.check(module)).exports, ['c']);
  t.match(summary(), { sessions: { ready: 0, live: 0 }, workers: { busy: 0 } });
});

t.test('one that does not load is refused with the message and line of the engine', async (t) => {
  const { libraries, database } = await openTestRuntime(t);
  const cases: [code: string, message: RegExp][] = [
    ['\nnew Intl.DateTimeFormat()', /try@1\.0\.0 does not load: .*Intl.*line 2/s],
    ['let = = 1', /SyntaxError/],
    ['require("fs")', /fs/],
    // Which of the two comes first is up to the machine.
    ['for (;;) {}', /5000|10000/],
    ['for (var all = [];;) all.push(new Uint8Array(1e7).fill(1))', /memory/],
  ];
  for (const [code, message] of cases)
    await t.rejects(libraries.check(candidate(code)), { code: 'LIBRARY_UNAVAILABLE', message }, code);
  t.match(stateRows(database), { images: 0, states: 0 });
  t.strictSame((await libraries.check(candidate('exports.fine = 1'))).exports, ['fine']);
});

t.test('many that are tried at once wait for one another', async (t) => {
  const { libraries } = await openTestRuntime(t);
  const all = await Promise.all(
    Array.from({ length: 8 }, (_, n) => libraries.check(candidate(`exports.n${n} = 1`))),
  );
  t.strictSame(
    all.flatMap(({ exports }) => exports),
    Array.from({ length: 8 }, (_, n) => `n${n}`),
  );
  const many = await Promise.allSettled(
    Array.from({ length: 70 }, () => libraries.check(candidate('exports.n = 1'))),
  );
  const refused = many.filter(({ status }) => status === 'rejected');
  t.equal(refused.length, 6);
  t.match(refused[0], { reason: { code: 'OVERLOADED' } });
});

t.test('trying ends when the runtime does', async (t) => {
  const { libraries, close } = await openTestRuntime(t);
  const trying = libraries.check(candidate(`('a'.repeat(3e6)).indexOf('a'.repeat(1e6) + 'b')`));
  const outcome = t.rejects(trying, { code: 'OVERLOADED' });
  await close();
  await outcome;
  await t.rejects(libraries.check(candidate('')), { code: 'OVERLOADED' });
});

const version = (n: number): string => `module.exports = { version: ${n} }`;

async function openLocal(t: Parameters<typeof openTestRuntime>[0]) {
  const source = new TestLibraries({
    'mine@0.0.0': { code: version(1), global: 'mine' },
    'other@1.0.0': { code: 'module.exports = 1' },
  });
  const runtime = await openTestRuntime(t, { libraries: source });
  runtime.templates.create({ name: 'x', libraries: ['other', 'mine'] });
  runtime.templates.create({ name: 'y', libraries: ['other'] });
  const events: RuntimeEvent[] = [];
  runtime.listen((event) => events.push(event));
  return { source, runtime, events };
}

t.test('its users are the templates that pin it now', async (t) => {
  const { source, runtime } = await openLocal(t);
  const names = (library: string) => runtime.libraries.users(library).map(({ name }) => name);
  t.strictSame(names('other@1.0.0'), ['x', 'y']);
  t.strictSame(names('mine@0.0.0'), ['x']);
  t.strictSame(names('none@1.0.0'), []);
  source.put('mine@0.0.0', { code: version(2) });
  t.strictSame(names('mine@0.0.0'), ['x'], 'whatever its content');
  runtime.templates.removeLibrary('x', 'mine@0.0.0');
  t.strictSame(names('mine@0.0.0'), [], 'and no version before');
  t.strictSame(runtime.libraries.users('other@1.0.0')[0], { id: runtime.templates.get('x').id, name: 'x' });
});

t.test('a change moves templates on, and marks sessions as stale', async (t) => {
  const { source, runtime, events } = await openLocal(t);
  const old = await runtime.sessions.create({ template: 'x' });
  const asleep = await runtime.sessions.create({ template: 'x' });
  await runtime.sessions.hibernate(asleep.id);
  const closed = await runtime.sessions.create({ template: 'x' });
  await runtime.sessions.close(closed.id);
  const unconcerned = await runtime.sessions.create({ template: 'y' });
  events.length = 0;
  const changed = source.put('mine@0.0.0', { code: version(2), global: 'mine' });
  runtime.libraries.changed(changed);
  t.match(runtime.templates.get('x'), {
    version: 2,
    libraries: [{ id: 'other@1.0.0' }, { id: 'mine@0.0.0', integrity: changed.integrity }],
  });
  t.equal(runtime.templates.get('y').version, 1);
  const stale = [{ id: 'mine@0.0.0', change: 'changed', integrity: changed.integrity }];
  t.match(
    events.map((event) => event.kind === 'session_changed' && [event.session.id, event.session.stale]),
    [
      [old.id, stale],
      [asleep.id, stale],
    ],
  );
  for (const { id } of [old, asleep]) t.strictSame(runtime.sessions.get(id).stale, stale);
  for (const { id } of [closed, unconcerned]) t.notOk('stale' in runtime.sessions.get(id));
  t.equal(await runtime.value(old, 'mine.version'), 1, 'which keep what they have');
  t.equal(await runtime.value(asleep, 'mine.version'), 1);
  const fresh = await runtime.sessions.create({ template: 'x' });
  t.equal(await runtime.value(fresh, 'mine.version'), 2);
  t.notOk('stale' in fresh);
  runtime.libraries.changed(changed);
  t.equal(runtime.templates.get('x').version, 2, 'the same content again is no change');
  runtime.libraries.changed(source.put('mine@0.0.0', { code: version(1), global: 'mine' }));
  t.notOk('stale' in runtime.sessions.get(old.id), 'and back is no longer stale');
});

t.test('after a change the next start is made ahead, while nobody waits', async (t) => {
  const { source, runtime } = await openLocal(t);
  for (const n of [2, 3, 4]) runtime.libraries.changed(source.put('mine@0.0.0', { code: version(n) }));
  await until('the start to be made', () => stateRows(runtime.database)['warm_starts'] === 1);
  const { reads } = source;
  const session = await runtime.sessions.create({ template: 'x' });
  t.equal(source.reads, reads, 'nothing was read for it');
  t.equal(await runtime.value(session, 'require("mine").version'), 4);
  t.strictSame(runtime.logs, []);
});

t.test('a start that cannot be made ahead is only logged', async (t) => {
  const { source, runtime } = await openLocal(t);
  runtime.libraries.changed(source.put('mine@0.0.0', { code: 'throw new Error("half saved")' }));
  await until('the log to say so', () => runtime.logs.length > 0);
  t.match(runtime.logs, [
    { level: 'warn', message: /template x ahead failed/, error: { message: /half saved/ } },
  ]);
  await t.rejects(runtime.sessions.create({ template: 'x' }), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /half saved/,
  });
  runtime.libraries.changed(source.put('mine@0.0.0', { code: version(5), global: 'mine' }));
  t.equal(await runtime.value(await runtime.sessions.create({ template: 'x' }), 'mine.version'), 5);
});

t.test('a template whose start needs files, or is to be cold, has none made ahead', async (t) => {
  const { source, runtime } = await openLocal(t);
  runtime.templates.update('x', { startup: ['a.js'] });
  runtime.templates.create({ name: 'cold', libraries: ['mine'], runtime: { warm: false } });
  const { reads } = source;
  runtime.libraries.changed(source.put('mine@0.0.0', { code: version(2) }));
  await runtime.libraries.check(candidate('exports.a = 1'));
  t.equal(source.reads, reads);
  t.match(stateRows(runtime.database), { warm_starts: 0 });
});

t.test('closing does not wait for what is made ahead', async (t) => {
  const { source, runtime } = await openLocal(t);
  runtime.libraries.changed(source.put('mine@0.0.0', { code: 'for (;;) {}' }));
  await runtime.close();
  t.strictSame(runtime.logs, []);
});
