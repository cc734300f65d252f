// Libraries over the real socket: from files of the test and from a registry of its own.
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Execution, Library, Session } from '#src/records/index.js';
import { runCli } from '../fixtures/cli.js';
import { startDaemon, type RunningDaemon } from '../fixtures/daemon.js';
import type { LineClient } from '../fixtures/line-client.js';
import { TestRegistry } from '../fixtures/registry.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

type Listed = Library & { usedBy: string[] };

/** A file of its own folder with this code; its name is the library’s. */
function fileWith(t: Parameters<typeof tempFolder>[0], name: string, code: string): string {
  const path = join(tempFolder(t), name);
  writeFileSync(path, code);
  return path;
}

async function evaluate(
  daemon: Pick<RunningDaemon, 'call'>,
  session: string,
  code: string,
): Promise<unknown> {
  const { result, error } = await daemon.call<Execution>('exec.repl', { session, code });
  return error === undefined ? result?.json : `${error.name}: ${error.message}`;
}

/** What this client was told of libraries: `changed mylib@local`. */
const toldTo = (client: LineClient): string[] =>
  client.notifications
    .filter(({ method }) => method === 'lib.changed')
    .map(({ params }) => {
      const { change, library } = params as unknown as { change: string; library: Library }; // as on the wire
      return `${change} ${library.id}`;
    });

t.test('a file is added, used in sessions by its global, import and require, and removed', async (t) => {
  const daemon = await startDaemon(t);
  const spec = fileWith(
    t,
    'greet.js',
    'exports.hello = (name) => `hello ${name}`; exports.made = Math.random()',
  );
  const added = await daemon.call<Library>('lib.add', { spec });
  t.match(added, { id: 'greet@local', name: 'greet', global: 'greet', source: `file:${spec}` });
  t.match(added.exports, ['hello', 'made'], 'it was tried in an engine');

  t.strictSame(await daemon.call('lib.list'), { items: [{ ...added, usedBy: [] }] });
  t.strictSame(await daemon.call('lib.get', { library: 'greet' }), { ...added, usedBy: [] });
  await daemon.call('template.addLibrary', { template: 'default', library: 'greet' });
  const { id: other } = await daemon.call('template.create', { name: 'other', libraries: ['greet@local'] });
  t.strictSame((await daemon.call<Listed>('lib.get', { library: 'greet' })).usedBy, ['default', 'other']);

  const first = await daemon.call<Session>('session.create', {});
  t.strictSame(first.libraries, [{ id: added.id, integrity: added.integrity }]);
  t.equal(first.stale, undefined);
  for (const code of [
    'greet.hello("a")',
    'require("greet").hello("a")',
    '(await import("greet")).hello("a")',
    'import { hello } from "greet"; hello("a")',
  ]) {
    t.equal(await evaluate(daemon, first.id, code), 'hello a', code);
  }
  const second = await daemon.call<Session>('session.create', {});
  t.equal(
    await evaluate(daemon, second.id, 'greet.made'),
    await evaluate(daemon, first.id, 'greet.made'),
    'the second session is a copy of where loading led',
  );

  await t.rejects(daemon.call('lib.remove', { library: 'greet' }), {
    code: 'LIBRARY_IN_USE',
    message: /templates "default", "other" use it/,
    details: { library: 'greet@local', templates: ['default', 'other'] },
  });
  await daemon.call('template.removeLibrary', { template: 'default', library: 'greet' });
  await t.rejects(daemon.call('lib.remove', { library: 'greet' }), { message: /template "other" uses it/ });
  await daemon.call('lib.remove', { library: 'greet', force: true });
  t.strictSame(await daemon.call('lib.list'), { items: [] });
  t.strictSame(readdirSync(join(daemon.home, 'cache', 'vmsys', 'files')), []);
  t.equal(await evaluate(daemon, second.id, 'greet.hello("b")'), 'hello b', 'who has it keeps it');
  t.match(await daemon.call('session.get', { session: second.id }), {
    stale: [{ id: 'greet@local', change: 'removed' }],
  });
  await daemon.call('template.update', { template: other, libraries: [] });
});

t.test('what is not there, or means nothing, is refused', async (t) => {
  const daemon = await startDaemon(t);
  for (const [method, params, code] of [
    ['lib.get', { library: 'none' }, 'LIBRARY_NOT_FOUND'],
    ['lib.remove', { library: 'none' }, 'LIBRARY_NOT_FOUND'],
    ['lib.verify', { library: 'none' }, 'LIBRARY_NOT_FOUND'],
    ['template.addLibrary', { template: 'default', library: 'none' }, 'LIBRARY_NOT_FOUND'],
    ['lib.add', { spec: './relative.js' }, 'VALIDATION_ERROR'],
    ['lib.add', { spec: 'git+ssh://git@example.org/x.git' }, 'VALIDATION_ERROR'],
    ['lib.add', { spec: '/nowhere/x.js' }, 'FILE_NOT_FOUND'],
    ['lib.add', { spec: 'a', gobal: 'x' }, 'VALIDATION_ERROR'],
    ['lib.list', { cursor: 'none@1.0.0' }, 'VALIDATION_ERROR'],
  ] as const) {
    await t.rejects(daemon.call(method, params), { code }, `${method} ${JSON.stringify(params)}`);
  }
  const spec = fileWith(t, 'broken.js', 'exports.a = 1;\nthrow new RangeError("at load");');
  await t.rejects(daemon.call('lib.add', { spec }), {
    code: 'LIBRARY_UNAVAILABLE',
    message: /at load \(line 2, column \d+\)$/,
    details: { reason: 'not-loadable' },
  });
  const types = 'interface Unused {\n  a: string;\n}\nconst fine: Unused = { a: "" };\n';
  const bundled = fileWith(t, 'typed.ts', `${types}export const b = (fine as any).c.d;`);
  await t.rejects(daemon.call('lib.add', { spec: bundled }), {
    message: /\(typed\.ts, line 5, column \d+\)$/,
  });
  t.strictSame(await daemon.call('lib.list'), { items: [] });
  const { items } = await daemon.call<{ items: { id: string; added: boolean }[] }>('lib.catalog');
  t.ok(items.some(({ id, added }) => id === 'lodash@4.17.21' && !added));
});

t.test('lists come in pages', async (t) => {
  const daemon = await startDaemon(t);
  for (const name of ['c', 'a', 'b'])
    await daemon.call('lib.add', { spec: fileWith(t, `${name}.js`, `exports.${name} = 1`) });
  const page = await daemon.call<{ items: Library[]; nextCursor?: string }>('lib.list', { limit: 2 });
  t.match(page, { items: [{ name: 'a' }, { name: 'b' }], nextCursor: 'b@local' });
  const rest = await daemon.call<{ items: Library[] }>('lib.list', { limit: 2, cursor: page.nextCursor });
  t.match(rest.items, [{ name: 'c' }]);
  t.notOk('nextCursor' in rest);
});

t.test('a file that is edited is new in new sessions, and the old ones are stale', async (t) => {
  const daemon = await startDaemon(t);
  const spec = fileWith(t, 'tool.js', 'exports.n = 1');
  const added = await daemon.call<Library>('lib.add', { spec });
  await daemon.call('template.addLibrary', { template: 'default', library: 'tool' });
  const { id: old } = await daemon.call<Session>('session.create', {});
  const watcher = await daemon.connect();
  await watcher.call('events.subscribe', { topics: ['library', 'session'] });
  writeFileSync(spec, 'exports.n = 2');
  await until('the change', () => toldTo(watcher).includes('changed tool@local'));
  const now = await daemon.call<Library>('lib.get', { library: 'tool' });
  t.not(now.integrity, added.integrity);
  t.equal(await evaluate(daemon, old, 'tool.n'), 1);
  t.match(await daemon.call('session.get', { session: old }), {
    libraries: [{ integrity: added.integrity }],
    stale: [{ id: 'tool@local', change: 'changed', integrity: now.integrity }],
  });
  await until('the session to be announced', () =>
    watcher.notifications.some(
      ({ method, params }) => method === 'session.changed' && JSON.stringify(params).includes('"stale"'),
    ),
  );
  const { id: fresh } = await daemon.call<Session>('session.create', {});
  t.equal(await evaluate(daemon, fresh, 'tool.n'), 2);
  t.strictSame(toldTo(watcher), ['changed tool@local']);
});

t.test('a file that is edited while no daemon runs is new in the next one', async (t) => {
  const first = await startDaemon(t);
  const spec = fileWith(t, 'tool.js', 'exports.n = 1');
  await first.call('lib.add', { spec });
  await first.call('template.addLibrary', { template: 'default', library: 'tool' });
  t.equal((await first.stop()).code, 0);
  writeFileSync(spec, 'exports.n = 2');
  const second = await startDaemon(t, { home: first.home });
  const n = async () => {
    const { id } = await second.call<Session>('session.create', {});
    const value = await evaluate(second, id, 'tool.n');
    await second.call('session.delete', { session: id });
    return value === 2;
  };
  await until('the new code', n);
  t.pass();
});

/** A daemon whose npm configuration names a registry of the test’s own. */
async function withRegistry(t: Parameters<typeof tempFolder>[0]) {
  const registry = await TestRegistry.open(t);
  const { PATH: _, ...env } = registry.env;
  const text = `exports.pad = (text, n) => text.padStart(n);\n// ${'x'.repeat(50_000)}`;
  registry.publish({ name: 'pad', version: '1.2.3', files: { 'index.js': text } });
  return { registry, daemon: await startDaemon(t, { env }) };
}

t.test('a file of the cache that was changed is announced, named and never run', async (t) => {
  // From a registry: a local library is read again from its source as soon as it is damaged.
  const { daemon } = await withRegistry(t);
  const spec = 'pad@1.2.3';
  const { file } = await daemon.call<Library>('lib.add', { spec });
  await daemon.call('template.addLibrary', { template: 'default', library: 'pad' });
  t.match(await daemon.call('lib.verify'), { items: [{ id: 'pad@1.2.3', ok: true }] });
  const watcher = await daemon.connect();
  await watcher.call('events.subscribe', { topics: ['library'] });
  appendFileSync(join(daemon.home, 'cache', 'vmsys', file), ';globalThis.evil = true');
  await until('the damage', () => toldTo(watcher).includes('damaged pad@1.2.3'));
  await t.rejects(daemon.call('session.create', {}), { code: 'INTEGRITY_MISMATCH', message: /pad@1.2.3/ });
  const { items } = await daemon.call<{ items: { ok: boolean; problem?: string }[] }>('lib.verify', {
    library: 'pad',
  });
  t.match(items, [{ ok: false, problem: String }]);
  await daemon.call('lib.add', { spec });
  await until('the repair', () => toldTo(watcher).includes('repaired pad@1.2.3'));
  const { id } = await daemon.call<Session>('session.create', {});
  t.equal(await evaluate(daemon, id, 'pad.pad && typeof evil'), 'undefined');
});

t.test('a package is downloaded once for all who ask at the same time', async (t) => {
  const { registry, daemon } = await withRegistry(t);
  const clients = await Promise.all([daemon.connect(), daemon.connect(), daemon.connect()]);
  const added = await Promise.all(clients.map((client) => client.call<Library>('lib.add', { spec: 'pad' })));
  t.match(added, [{ id: 'pad@1.2.3' }, { id: 'pad@1.2.3' }, { id: 'pad@1.2.3' }]);
  t.equal(registry.requests.filter((path) => path.endsWith('.tgz')).length, 1);
  const asked = registry.requests.length;
  await daemon.call('lib.add', { spec: 'pad@1.2.3' });
  t.equal(registry.requests.length, asked, 'what is there is not asked for again');
  await daemon.call('template.addLibrary', { template: 'default', library: 'pad' });
  const { id } = await daemon.call<Session>('session.create', {});
  t.equal(await evaluate(daemon, id, 'pad.pad("x", 3)'), '  x');
});

t.test('progress comes before the reply, to who asked for it only', async (t) => {
  const { daemon } = await withRegistry(t);
  const [client, other] = [await daemon.connect(), await daemon.connect()];
  const id = client.send('lib.add', { spec: 'pad', progressToken: 'mine' });
  const { result } = await client.reply(id);
  t.match(result, { id: 'pad@1.2.3' });
  const at = client.messages.findIndex((message) => message.method === undefined && message.id === id);
  const progress = client.messages.slice(0, at);
  t.equal(client.messages.length, at + 1, 'the reply is the last word');
  t.ok(progress.length >= 3);
  for (const message of progress) t.match(message, { method: '$/progress', params: { token: 'mine' } });
  const steps = progress.map(
    (message) => (message as unknown as { params: { value: { step: string } } }).params.value.step,
  );
  t.strictSame([...new Set(steps)], ['resolve', 'fetch', 'check', 'store']);
  await other.call('lib.add', { spec: 'pad' });
  t.strictSame(other.notifications, []);
});

t.test('a download that is cancelled leaves nothing, and can be asked for again', async (t) => {
  const { registry, daemon } = await withRegistry(t);
  const client = await daemon.connect();
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith('.tgz')) return false;
    response.write(Buffer.alloc(100)); // the rest never comes
    return true;
  };
  const id = client.send('lib.add', { spec: 'pad' });
  await until('the download', () => registry.requests.some((path) => path.endsWith('.tgz')));
  client.notify('$/cancelRequest', { id });
  t.match(await client.reply(id), { error: { data: { code: 'REQUEST_CANCELLED' } } });
  t.strictSame(await daemon.call('lib.list'), { items: [] });
  registry.intercept = () => false;
  t.match(await daemon.call('lib.add', { spec: 'pad' }), { id: 'pad@1.2.3' });
});

t.test('a daemon that is killed in mid-download leaves nothing that outlives the next start', async (t) => {
  const { registry, daemon } = await withRegistry(t);
  registry.intercept = (request, response) => {
    if (!request.url?.endsWith('.tgz')) return false;
    response.write(Buffer.alloc(100)); // the rest never comes
    return true;
  };
  const client = await daemon.connect();
  client.send('lib.add', { spec: 'pad' });
  const work = join(daemon.home, 'cache', 'vmsys', 'work');
  await until('the download', () => registry.requests.some((path) => path.endsWith('.tgz')));
  t.equal(readdirSync(work).length, 1);
  await daemon.kill();
  t.equal(readdirSync(work).length, 1);

  registry.intercept = () => false;
  const { PATH: _, ...env } = registry.env;
  const next = await startDaemon(t, { home: daemon.home, env });
  await until('the sweep', () => readdirSync(work).length === 0);
  t.strictSame(await next.call('lib.list'), { items: [] });
  t.match(await next.call('lib.add', { spec: 'pad' }), { id: 'pad@1.2.3' });
});

t.test('a daemon that stops in mid-download stops in good order', async (t) => {
  const { registry, daemon } = await withRegistry(t);
  registry.intercept = (request) => request.url?.endsWith('.tgz') ?? false;
  const client = await daemon.connect();
  const id = client.send('lib.add', { spec: 'pad' });
  await until('the download', () => registry.requests.some((path) => path.endsWith('.tgz')));
  const [exit, reply] = await Promise.all([daemon.stop(), client.reply(id)]);
  t.equal(exit.code, 0);
  t.match(reply, { error: { data: { code: 'LIBRARY_UNAVAILABLE', details: { reason: 'closed' } } } });
});

t.test('without a network, what is missing says so and what is there works', async (t) => {
  const daemon = await startDaemon(t, { env: { npm_config_registry: 'http://127.0.0.1:9/' } });
  await t.rejects(daemon.call('lib.add', { spec: 'left-pad' }), {
    code: 'LIBRARY_UNAVAILABLE',
    details: { reason: 'offline' },
  });
  await t.rejects(daemon.call('lib.sync'), { code: 'LIBRARY_UNAVAILABLE', details: { reason: 'offline' } });
  await daemon.call('lib.add', { spec: fileWith(t, 'here.js', 'exports.here = 1') });
  await daemon.call('template.addLibrary', { template: 'default', library: 'here' });
  const { id } = await daemon.call<Session>('session.create', {});
  t.equal(await evaluate(daemon, id, 'here.here'), 1);
});

t.test('a file that was removed by force, edited and added again is what its templates have', async (t) => {
  const daemon = await startDaemon(t);
  const spec = fileWith(t, 'mine.js', 'exports.version = 1');
  await daemon.call('lib.add', { spec });
  await daemon.call('template.addLibrary', { template: 'default', library: 'mine' });
  const old = await daemon.call<Session>('session.create', {});
  const watcher = await daemon.connect();
  await watcher.call('events.subscribe', { topics: ['session'] });
  const stale = (change: string) => () =>
    watcher.notifications.some(
      ({ method, params }) =>
        method === 'session.changed' && JSON.stringify(params).includes(`"change":"${change}"`),
    );
  await daemon.call('lib.remove', { library: 'mine', force: true });
  await until('the word that it is gone', stale('removed'));
  writeFileSync(spec, 'exports.version = 2');
  await daemon.call('lib.add', { spec });
  await until('the word that it is another one', stale('changed'));
  t.equal(await evaluate(daemon, old.id, 'mine.version'), 1);
  const fresh = await daemon.call<Session>('session.create', {});
  t.equal(await evaluate(daemon, fresh.id, 'mine.version'), 2);
});

t.test('two daemons and a CLI that add to one cache at once end with the same libraries', async (t) => {
  const registry = await TestRegistry.open(t);
  const names = ['a', 'b'];
  for (const name of names)
    registry.publish({ name, version: '1.0.0', files: { 'index.js': `exports.name = '${name}'` } });
  const cache = { XDG_CACHE_HOME: tempFolder(t) };
  const { PATH: _, ...npm } = registry.env;
  const [fetching, offline] = await Promise.all([
    startDaemon(t, { env: { ...npm, ...cache } }),
    startDaemon(t, { env: { ...cache, npm_config_registry: 'http://127.0.0.1:9/' } }),
  ]);
  let open = (): void => {};
  registry.gate = new Promise((resolve) => (open = resolve));
  // The one without a network has a CLI to fetch for it.
  const adding = runCli(t, ['--socket', offline.socketPath, 'lib', 'add', ...names], { env: npm });
  const added = Promise.all(names.map((spec) => fetching.call('lib.add', { spec })));
  const tarball = (path: string): boolean => path.endsWith('a-1.0.0.tgz');
  await until('the daemon and the CLI to fetch', () => registry.requests.filter(tarball).length === 2);
  open();
  await added;
  t.match(await adding, { code: 0, stderr: '' });
  const ids = names.map((name) => `${name}@1.0.0`);
  const listed = async ({ call }: RunningDaemon) => (await call<{ items: Library[] }>('lib.list')).items;
  t.match(
    await listed(fetching),
    ids.map((id) => ({ id, exports: ['name'] })),
  );
  t.same(await listed(offline), await listed(fetching));
  for (const { call } of [fetching, offline]) {
    const { items } = await call<{ items: { ok: boolean }[] }>('lib.verify');
    t.same(
      items.map(({ ok }) => ok),
      [true, true],
    );
  }
  t.equal(readdirSync(join(cache.XDG_CACHE_HOME, 'vmsys', 'files')).length, names.length);
});
