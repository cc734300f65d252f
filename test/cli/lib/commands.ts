// `vmsys lib …` against the real server of the wire, with handlers of the test behind it.
import { join } from 'node:path';
import t from 'tap';
import { RpcError } from '#src/rpc/errors.js';
import { runCli, spawnCli, spawnProgram, cliProgram } from '../../fixtures/cli.js';
import { fakeDaemon } from '../../fixtures/fake-daemon.js';
import { aLibrary } from '../../fixtures/libraries.js';
import { tempFolder } from '../../fixtures/temp.js';
import { until } from '../../fixtures/until.js';

const lodash = aLibrary();

t.test('lib add says how a script gets at the library', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, { 'lib.add': () => lodash });
  const run = (...args: string[]) => runCli(t, ['--socket', socketPath, 'lib', 'add', ...args]);
  const text = await run('lodash');
  t.match(text, { code: 0, stderr: '', stdout: /^lodash@4\.17\.21 .*\n(.*\n)*.*import _ from 'lodash'\n/ });
  t.match(text.stdout, "const _ = require('lodash')\n");
  t.match(text.stdout, 'vmsys template add-library default lodash@4.17.21\n');
  t.match(calls, [{ method: 'lib.add', params: { spec: 'lodash', progressToken: 1 } }]);

  const json = await run('lodash@4', '--global', 'lo', '--entry', 'core.js', '--json');
  t.strictSame(JSON.parse(json.stdout), lodash);
  t.equal(json.stderr, '');
  t.match(calls.at(-1), { params: { spec: 'lodash@4', global: 'lo', entry: 'core.js' } });
});

t.test('several are added one after the other, their options apart', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, {
    'lib.add': ({ spec }) => aLibrary({ name: spec, version: '1.0.0' }),
  });
  const run = (...args: string[]) => runCli(t, ['--socket', socketPath, 'lib', 'add', ...args]);
  const json = await run('a', 'b', '--json');
  t.match(JSON.parse(json.stdout), { items: [{ id: 'a@1.0.0' }, { id: 'b@1.0.0' }] });
  t.match(await run('a', 'b'), { code: 0, stdout: /^a@1\.0\.0 .*\n( .*\n)+b@1\.0\.0 .*\n( .*\n)+$/ });
  const before = calls.length;
  t.match(await run('a', 'b', '--global', 'x'), { code: 2, stderr: /--global and --entry are for one/ });
  t.match(await run(), { code: 2, stderr: /missing SPEC/ });
  t.equal(calls.length, before);
});

t.test('a path is sent whole, a package by its name', async (t) => {
  const { socketPath, calls } = await fakeDaemon(t, { 'lib.add': () => lodash });
  const cwd = tempFolder(t);
  await runCli(t, ['--socket', socketPath, 'lib', 'add', './a.js', '../b.ts', '/c.js', 'chart.js'], { cwd });
  t.strictSame(
    calls.map(({ params }) => (params as { spec: string }).spec),
    [join(cwd, 'a.js'), join(cwd, '../b.ts'), '/c.js', 'chart.js'],
  );
});

t.test('progress is on a terminal only, and erased', async (t) => {
  const { socketPath } = await fakeDaemon(t, {
    'lib.add': ({ progressToken = 0 }, { connection }) => {
      const value = { library: 'lodash', step: 'fetch', done: 1, total: 2 } as const;
      connection.notify('$/progress', { token: progressToken, value });
      return lodash;
    },
  });
  const args = ['--socket', socketPath, 'lib', 'add', 'lodash'];
  t.equal((await runCli(t, args)).stderr, '');
  const words = [process.execPath, cliProgram, ...args].join(' ');
  const script = spawnProgram(t, 'script', ['-qec', words, '/dev/null']);
  const started = await Promise.race([
    script.exited,
    new Promise<undefined>((resolve) => script.child.once('error', () => resolve(undefined))),
  ]);
  if (started === undefined) return t.pass('script(1) is not installed', { skip: true });
  t.match(started.stdout, /lodash {2}fetching {2}█{12}░{12} {2}1 B of 2 B\r\u001b\[K.*lodash@4\.17\.21/s);
  return undefined;
});

t.test('Ctrl-C cancels what is being fetched', async (t) => {
  let isCancelled = false;
  const { socketPath, calls } = await fakeDaemon(t, {
    'lib.add': (_params, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          isCancelled = true;
          reject(new RpcError('REQUEST_CANCELLED', 'cancelled by the client'));
        });
      }),
  });
  const cli = spawnCli(t, ['--socket', socketPath, 'lib', 'add', 'lodash']);
  await until('the call', () => calls.length === 1);
  cli.child.kill('SIGINT');
  t.match(await cli.exited, { code: 130, stdout: '', stderr: '' });
  t.ok(isCancelled);
});

t.test('lists are tables with sizes, and who uses what', async (t) => {
  const library = { ...lodash, usedBy: ['default', 'work'] };
  const { socketPath } = await fakeDaemon(t, {
    'lib.list': () => ({ items: [library] }),
    'lib.get': () => library,
    'lib.catalog': () => ({
      items: [
        { id: 'a@1', name: 'a', version: '1', global: 'a', description: 'does a', added: true },
        { id: 'b@1', name: 'b', version: '1', global: 'b', description: 'does b', added: false },
      ],
    }),
    'lib.sync': () => ({ items: [lodash] }),
    'lib.remove': () => ({}),
  });
  const run = (...args: string[]) => runCli(t, ['--socket', socketPath, 'lib', ...args]);
  t.match(
    (await run('list')).stdout,
    /^id +global +format +bytes +usedBy.*\nlodash@4\.17\.21 +_ +script +71 KiB +default, work +npm:/,
  );
  t.match((await run('get', 'lodash')).stdout, /^usedBy +default, work$/m);
  t.equal(
    (await run('catalog')).stdout,
    'id   global  added  description\na@1  a       yes    does a\nb@1  b       no     does b\n',
  );
  t.match((await run('sync')).stdout, /^id .*\nlodash@4\.17\.21 /);
  t.strictSame(JSON.parse((await run('sync', '--json')).stdout), { items: [lodash] });
  t.strictSame(await run('remove', 'lodash', '--force'), { code: 0, stdout: '', stderr: '' });
});

t.test('lib verify says what is wrong, also by its exit status', async (t) => {
  const good = { id: 'a@1.0.0', ok: true };
  const bad = { id: 'b@1.0.0', ok: false, problem: 'its file is gone' };
  const { socketPath } = await fakeDaemon(t, {
    'lib.verify': ({ library }) => ({ items: library === undefined ? [good, bad] : [good] }),
  });
  const run = (...args: string[]) => runCli(t, ['--socket', socketPath, 'lib', 'verify', ...args]);
  t.strictSame(await run('a'), { code: 0, stdout: 'id       ok\na@1.0.0  yes\n', stderr: '' });
  t.strictSame(await run(), {
    code: 5,
    stdout: 'id       ok   problem\na@1.0.0  yes\nb@1.0.0  no   its file is gone\n',
    stderr: '',
  });
  const json = await run('--json');
  t.equal(json.code, 5);
  t.strictSame(JSON.parse(json.stdout), { items: [good, bad] });
});

t.test('watch shows what happens to libraries', async (t) => {
  const { socketPath } = await fakeDaemon(t, {
    'events.subscribe': (_params, { connection }) => {
      connection.notify('lib.changed', { change: 'damaged', library: lodash, problem: 'is not what it was' });
      return { subscription: 'sub_0123456789abcdef' };
    },
  });
  const cli = spawnCli(t, ['--socket', socketPath, 'watch']);
  await until('the line', () => /library damaged lodash@4\.17\.21 is not what it was\n/.test(cli.stdout()));
  cli.child.kill('SIGINT');
  t.equal((await cli.exited).code, 130);
});
