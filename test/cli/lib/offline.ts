// A daemon without a network, or with a /tmp of its own, and a CLI that has both: the user notices nothing.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RpcError } from '#src/rpc/errors.js';
import { runCli } from '../../fixtures/cli.js';
import { startDaemon } from '../../fixtures/daemon.js';
import { fakeDaemon } from '../../fixtures/fake-daemon.js';
import { aLibrary } from '../../fixtures/libraries.js';
import { TestRegistry } from '../../fixtures/registry.js';
import { tempFolder } from '../../fixtures/temp.js';

const closedRegistry = 'http://127.0.0.1:9/';

async function offline(t: Parameters<typeof tempFolder>[0]) {
  const registry = await TestRegistry.open(t);
  const { PATH: _, ...env } = registry.env;
  const daemon = await startDaemon(t, { env: { npm_config_registry: closedRegistry } });
  const run = (args: string[], more: Record<string, string> = env) =>
    runCli(t, ['--socket', daemon.socketPath, ...args], { env: more });
  return { registry, daemon, run };
}

t.test(
  'what the daemon cannot fetch is fetched by the CLI, tried by the daemon, and announced',
  async (t) => {
    const { registry, daemon, run } = await offline(t);
    registry.publish({
      name: 'pad',
      version: '1.2.3',
      files: { 'index.js': 'exports.pad = () => "padded"' },
    });
    const watcher = await daemon.connect();
    await watcher.call('events.subscribe', { topics: ['library'] });
    const added = await run(['lib', 'add', 'pad', '--global', 'padding', '--json']);
    t.match(added, { code: 0, stderr: '' });
    t.match(JSON.parse(added.stdout), { id: 'pad@1.2.3', global: 'padding', exports: ['pad'] });
    t.match(watcher.notifications, [{ method: 'lib.changed', params: { change: 'added' } }]);
    t.match(await daemon.call('lib.list'), { items: [{ id: 'pad@1.2.3' }] });
    await daemon.call('template.addLibrary', { template: 'default', library: 'pad' });
    t.match(await run(['eval', 'padding.pad()']), { code: 0, stdout: "'padded'\n" });
  },
);

t.test('with no network anywhere the daemon’s error is shown', async (t) => {
  const { run } = await offline(t);
  const failed = await run(['lib', 'add', 'pad'], { npm_config_registry: closedRegistry });
  t.match(failed, {
    code: 5,
    stdout: '',
    stderr: /^vmsys: LIBRARY_UNAVAILABLE: library "pad": .*does not answer/,
  });
});

t.test('what the registry says to the CLI is said to its user', async (t) => {
  const { run, daemon } = await offline(t);
  t.match(await run(['lib', 'add', 'no-such-package']), {
    code: 5,
    stderr: /^vmsys: LIBRARY_UNAVAILABLE: .*has no such package/,
  });
  t.strictSame(await daemon.call('lib.list'), { items: [] });
});

t.test('what does not load is refused by the daemon, and is not kept', async (t) => {
  const { registry, run, daemon } = await offline(t);
  registry.publish({ name: 'bad', version: '1.0.0', files: { 'index.js': 'null.x' } });
  t.match(await run(['lib', 'add', 'bad']), {
    code: 5,
    stderr: /^vmsys: LIBRARY_UNAVAILABLE: .*does not load/,
  });
  t.strictSame(await daemon.call('lib.list'), { items: [] });
});

t.test(
  'a script that needs a page gives way to the package’s modules; one failure keeps nothing from the rest',
  async (t) => {
    const { registry, run, daemon } = await offline(t);
    const files = { 'page.js': 'window.x = 1', 'index.js': 'exports.works = 1' };
    registry.publish({ name: 'page', version: '1.0.0', json: { unpkg: 'page.js' }, files });
    const added = await run(['lib', 'add', 'no-such-package', 'page', '--json']);
    t.match(added, { code: 5, stderr: /has no such package/ });
    t.match(JSON.parse(added.stdout), { items: [{ id: 'page@1.0.0', exports: ['works'] }] });
    t.match(await daemon.call('lib.list'), { items: [{ id: 'page@1.0.0', exports: ['works'] }] });
  },
);

t.test('where the daemon may not read the user’s npm configuration, the CLI does', async (t) => {
  const registry = await TestRegistry.open(t);
  registry.publish({ name: 'pad', version: '1.2.3', files: { 'index.js': 'exports.pad = 1' } });
  const { PATH: _, ...env } = registry.env;
  const hidden = tempFolder(t); // a folder cannot be read as a file, whoever tries
  const daemon = await startDaemon(t, { env: { npm_config_userconfig: hidden } });
  const run = (args: string[]) => runCli(t, ['--socket', daemon.socketPath, ...args], { env });
  t.match(await run(['lib', 'add', 'pad']), { code: 0, stdout: /^pad@1\.2\.3 /, stderr: '' });
});

t.test('the catalogue is fetched by the CLI', async (t) => {
  const { registry, run, daemon } = await offline(t);
  const { items } = await daemon.call<{ items: { name: string; version: string }[] }>('lib.catalog');
  for (const { name, version } of items) {
    const text = `exports.name = ${JSON.stringify(name)}`;
    registry.publish({ name, version, files: { 'index.js': text, 'vanilla.js': text } });
  }
  const synced = await run(['lib', 'sync', '--json']);
  t.match(synced, { code: 0, stderr: '' });
  t.equal(JSON.parse(synced.stdout).items.length, items.length);
  t.match(await daemon.call('lib.catalog'), { items: items.map(() => ({ added: true })) });
});

t.test('a file that the daemon does not see is read by the CLI', async (t) => {
  const folder = tempFolder(t);
  const cache = join(folder, 'cache');
  const spec = join(folder, 'mine.js');
  writeFileSync(spec, 'exports.mine = 1');
  const library = aLibrary({ name: 'mine', version: 'local', global: 'mine' });
  const handlers = (libraryPath: string) => ({
    'system.info': () => ({ libraryPath }) as never, // all that is asked of it
    'lib.add': ({ spec: asked }: { spec: string }) => {
      if (asked === library.id) return library;
      throw new RpcError('FILE_NOT_FOUND', `${asked}: there is no such file`);
    },
  });
  mkdirSync(cache, { mode: 0o700 });
  const { socketPath, calls } = await fakeDaemon(t, handlers(cache));
  const run = (...args: string[]) =>
    runCli(t, ['--socket', socketPath, 'lib', 'add', ...args], { cwd: folder });
  t.match(await run('./mine.js'), {
    code: 0,
    stderr: `the daemon does not see ${spec}: after a change of it, add it again\n`,
    stdout: /^mine@local /,
  });
  t.strictSame(
    calls.map(({ method }) => method),
    ['lib.add', 'system.info', 'lib.add'],
  );
  t.ok(existsSync(join(cache, 'manifest.json')));
  t.match(await run('./none.js'), { code: 3, stderr: /there is no such file/ });
});

t.test('a cache folder that is not this user’s is left alone', async (t) => {
  const { registry } = await offline(t);
  const { PATH: _, ...env } = registry.env;
  const cache = tempFolder(t);
  for (const libraryPath of [join(cache, 'missing'), '/']) {
    if (libraryPath === '/' && process.getuid?.() === 0) continue;
    const { socketPath, calls } = await fakeDaemon(t, {
      'system.info': () => ({ libraryPath }) as never, // all that is asked of it
      'lib.add': () => {
        throw new RpcError('LIBRARY_UNAVAILABLE', 'no network here', { details: { reason: 'offline' } });
      },
    });
    t.match(await runCli(t, ['--socket', socketPath, 'lib', 'add', 'pad'], { env }), {
      code: 5,
      stderr: 'vmsys: LIBRARY_UNAVAILABLE: no network here\n',
    });
    t.equal(calls.length, 2);
  }
  t.strictSame(registry.requests, []);
});
