// How the daemon starts, and what it refuses to start on.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { spawnDaemon, startDaemon, type Spawned, type SpawnOptions } from '../fixtures/daemon.js';
import { tempFolder, type Teardown } from '../fixtures/temp.js';

/** Starts a daemon that is expected not to start, and gives what it said. */
async function failToStart(
  t: Teardown,
  options: SpawnOptions,
): Promise<Spawned & { code: number | null; said: string }> {
  const spawned = spawnDaemon(t, options);
  const { code } = await spawned.exited;
  return { ...spawned, code, said: spawned.stderr() };
}

const mode = (path: string): number => statSync(path).mode & 0o7777;

t.test('folders are 0700 and files 0600, whatever the umask', async (t) => {
  const before = process.umask(0);
  const daemon = await startDaemon(t);
  process.umask(before);
  await daemon.call('session.create', {});
  const { stateDir, socketPath } = daemon;
  for (const folder of [stateDir, dirname(socketPath), join(daemon.home, 'cache', 'vmsys')]) {
    t.equal(mode(folder), 0o700, folder);
  }
  const files = readdirSync(stateDir);
  t.ok(files.some((name) => name.endsWith('.db')));
  for (const name of files) t.equal(mode(join(stateDir, name)), 0o600, name);
  t.equal(lstatSync(socketPath).mode & 0o777, 0o600);
});

t.test('it says what it is', async (t) => {
  const daemon = await startDaemon(t);
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  t.match(manifest, { version: (await daemon.call('system.info'))['version'] });
  t.match(await daemon.call('system.info'), {
    name: 'vmsysd',
    protocol: String,
    pid: daemon.child.pid,
    activation: 'direct',
    idleExitMs: 0,
    socketPath: daemon.socketPath,
    databasePath: join(daemon.stateDir, 'vmsys.db'),
    libraryPath: join(daemon.home, 'cache', 'vmsys'),
    engine: { name: /quickjs/i },
  });
});

t.test('flags name other places', async (t) => {
  const home = tempFolder(t);
  const [socketPath, stateDir, cacheDir] = [join(home, 'x', 's'), join(home, 'y'), join(home, 'z')];
  const args = ['--socket', socketPath, '--state-dir', stateDir, '--cache-dir', cacheDir];
  const daemon = await startDaemon(t, { home, args, socketPath });
  t.match(await daemon.call('system.info'), {
    socketPath,
    databasePath: join(stateDir, 'vmsys.db'),
    libraryPath: cacheDir,
  });
});

t.test('a config file is read, and a flag wins over it', async (t) => {
  const home = tempFolder(t);
  mkdirSync(join(home, 'config', 'vmsys'), { recursive: true });
  const config = { stateDir: join(home, 'from-file'), logLevel: 'debug', maxLiveSessions: 3 };
  writeFileSync(join(home, 'config', 'vmsys', 'config.json'), JSON.stringify(config));
  const daemon = await startDaemon(t, { home, args: ['--log-level', 'error'] });
  t.match(await daemon.call('system.info'), { databasePath: join(home, 'from-file', 'vmsys.db') });
  t.match(await daemon.call('system.summary'), { workers: { max: 3 } });
  await daemon.stop();
  t.equal(daemon.stderr(), '', 'nothing to say at level error');
});

t.test('a bad config file stops the start, every fault is named, nothing is made', async (t) => {
  const home = tempFolder(t);
  const file = join(home, 'bad.json');
  writeFileSync(file, '{"stateDir": 1, "histroy": {}}');
  const { code, said, stateDir, socketPath } = await failToStart(t, { home, args: ['--config', file] });
  t.equal(code, 2);
  t.match(said, file);
  t.match(said, 'stateDir');
  t.match(said, 'histroy');
  t.notOk(existsSync(stateDir));
  t.notOk(existsSync(dirname(socketPath)));
});

t.test('flags that are wrong stop the start', async (t) => {
  for (const args of [['--sokcet', '/s'], ['--log-level', 'loud'], ['--config', '/none.json'], ['extra']]) {
    const { code, said, stateDir } = await failToStart(t, { args });
    t.equal(code, 2, args.join(' '));
    t.match(said, /^vmsysd: .+/);
    t.notOk(existsSync(stateDir));
  }
});

t.test('help and version are printed, and nothing is started', async (t) => {
  for (const [flag, expected] of [
    ['--help', /usage: vmsysd/],
    ['--version', /^vmsysd \d+\.\d+\.\d+/],
  ] as const) {
    const spawned = spawnDaemon(t, { args: [flag] });
    t.match(await spawned.exited, { code: 0 });
    t.match(spawned.stdout(), expected);
    t.notOk(existsSync(spawned.stateDir));
  }
});

t.test('a socket folder that others may write to is refused', async (t) => {
  const home = tempFolder(t);
  const folder = join(home, 'open');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const { code, said } = await failToStart(t, { home, args: ['--socket', join(folder, 's')] });
  t.equal(code, 1);
  t.match(said, 'its mode is 0777');
  t.match(said, `chmod 700 ${folder}`);
  t.strictSame(readdirSync(folder), []);
});

t.test('a socket path that the kernel cannot hold is refused', async (t) => {
  const { code, said } = await failToStart(t, { args: ['--socket', `/tmp/${'x'.repeat(110)}/s`] });
  t.equal(code, 2);
  t.match(said, 'at most 107');
});

t.test('a path that is not a socket is refused and left alone', async (t) => {
  const home = tempFolder(t);
  const path = join(home, 'precious');
  writeFileSync(path, 'text');
  const { code, said } = await failToStart(t, { home, args: ['--socket', path] });
  t.equal(code, 1);
  t.match(said, 'expected a socket or nothing, found a file');
  t.equal(readFileSync(path, 'utf8'), 'text');
});

t.test('a corrupt database is refused, untouched', async (t) => {
  const home = tempFolder(t);
  const path = join(home, 'state', 'vmsys', 'vmsys.db');
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const garbage = 'this is no database '.repeat(500);
  writeFileSync(path, garbage);
  const { code, said, socketPath } = await failToStart(t, { home });
  t.equal(code, 1);
  t.match(said, path);
  t.match(said, /database/);
  t.equal(readFileSync(path, 'utf8'), garbage);
  t.notOk(existsSync(socketPath), 'nobody is let in before the database is open');
});
