// Starting a daemon where none answers, with small programs in its place.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { NoDaemon } from '#src/cli/fault.js';
import { startDaemon } from '#src/cli/start-daemon.js';
import { startBySystemd } from '#src/cli/systemd.js';
import { homeEnv } from '../fixtures/daemon.js';
import { tempFolder, type Teardown } from '../fixtures/temp.js';

const { signal } = new AbortController();

/** A program that stands for the daemon; it listens where `--socket` says and ends when the connection does. */
const listening = `
const { createServer } = require('node:net');
console.error('cwd ' + process.cwd());
const server = createServer((socket) => socket.on('close', () => process.exit())).listen(process.argv[3]);
`;

function setUp(t: Teardown, source: string) {
  const home = tempFolder(t);
  const program = join(home, 'daemon.cjs');
  writeFileSync(program, source);
  const env = homeEnv(home);
  const logPath = join(home, 'state', 'vmsys', 'vmsysd.log');
  return { home, env, logPath, options: { socketPath: join(home, 's'), program, env, signal } };
}

t.test('the daemon is started, its output goes to a log of mode 0600, and it is connected to', async (t) => {
  const { options, logPath } = setUp(t, listening);
  const client = await startDaemon(options);
  await client.close();
  t.equal(readFileSync(logPath, 'utf8'), 'cwd /\n');
  t.equal(statSync(logPath).mode & 0o777, 0o600);
});

t.test('where it ends at once, the end of its log is shown, and nothing older', async (t) => {
  const { options, logPath } = setUp(t, `console.error('the reason'); process.exit(3)`);
  mkdirSync(join(logPath, '..'), { recursive: true });
  writeFileSync(logPath, 'older\n');
  const error: unknown = await startDaemon(options).catch((reason: unknown) => reason);
  t.type(error, NoDaemon);
  t.match(error, { message: /ended at once \(status 3\).*\n  the reason\n/s });
  t.notMatch(error, { message: /older/ });
});

t.test('a log that is a link is not written through, nor is one that leads nowhere', async (t) => {
  const { options, home, logPath } = setUp(t, listening);
  mkdirSync(join(logPath, '..'), { recursive: true });
  for (const target of ['profile', 'nothing']) {
    const victim = join(home, target);
    if (target === 'profile') writeFileSync(victim, 'mine\n');
    rmSync(logPath, { force: true });
    symlinkSync(victim, logPath);
    await t.rejects(startDaemon(options), { code: 'ELOOP' });
    t.equal(existsSync(victim) ? readFileSync(victim, 'utf8') : '', target === 'profile' ? 'mine\n' : '');
  }
});

t.test('where another one was faster, that one is used', async (t) => {
  const { options } = setUp(
    t,
    `
    if (process.argv[4] === 'rival') {
      // Not before the one that was started is gone.
      const waiting = setInterval(() => {
        try { process.kill(Number(process.argv[5]), 0); return; } catch { clearInterval(waiting); }
        ${listening}
      }, 5);
    } else {
      const { spawn } = require('node:child_process');
      spawn(process.execPath, [...process.argv.slice(1), 'rival', process.pid], { stdio: 'ignore', detached: true }).unref();
      process.exit(1);
    }`,
  );
  const client = await startDaemon(options);
  await client.close();
});

t.test('a large log is moved aside first', async (t) => {
  const { options, logPath } = setUp(t, listening);
  mkdirSync(join(logPath, '..'), { recursive: true });
  writeFileSync(logPath, 'x'.repeat(5 * 1024 * 1024));
  await (await startDaemon(options)).close();
  t.equal(statSync(`${logPath}.1`).size, 5 * 1024 * 1024);
  t.equal(readFileSync(logPath, 'utf8'), 'cwd /\n');
});

t.test('the waiting can be given up', async (t) => {
  const { options } = setUp(t, `setTimeout(() => {}, 3000)`);
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  await t.rejects(startDaemon({ ...options, signal: controller.signal }), { name: 'AbortError' });
});

/** A home with a `systemctl` that notes what it is asked and does `body`. */
function fakeSystemctl(t: Teardown) {
  const home = tempFolder(t);
  const calls = join(home, 'calls');
  const fake = (body: string) => {
    writeFileSync(join(home, 'systemctl'), `#!/bin/sh\necho "$@" >> ${calls}\n${body}\n`, { mode: 0o755 });
    writeFileSync(calls, '');
  };
  const asked = () =>
    readFileSync(calls, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.replace('--user --no-pager ', ''));
  return { home, fake, asked, env: { PATH: `${home}:/bin:/usr/bin`, XDG_RUNTIME_DIR: home } };
}

t.test('systemd is asked only where there is a runtime folder, a systemctl and the unit', async (t) => {
  const { home, fake, asked, env } = fakeSystemctl(t);
  fake('case "$3" in is-failed) exit 1;; esac');
  t.strictSame(await startBySystemd({ PATH: home }, signal), { kind: 'absent' });
  t.strictSame(asked(), []);
  t.strictSame(await startBySystemd(env, signal), { kind: 'started', hadFailed: false });
  t.strictSame(asked(), [
    'cat vmsysd.socket',
    'is-failed --quiet vmsysd.socket vmsysd.service',
    'start vmsysd.socket',
  ]);
  fake('exit 1');
  t.strictSame(await startBySystemd(env, signal), { kind: 'absent' });
  t.strictSame(asked(), ['cat vmsysd.socket']);
  t.strictSame(await startBySystemd({ PATH: '/nowhere', XDG_RUNTIME_DIR: home }, signal), { kind: 'absent' });
});

t.test('a unit that systemd gave up on is started again, once', async (t) => {
  const { fake, asked, env } = fakeSystemctl(t);
  fake('exit 0');
  t.strictSame(await startBySystemd(env, signal), { kind: 'started', hadFailed: true });
  t.strictSame(asked().slice(2), ['reset-failed vmsysd.socket vmsysd.service', 'start vmsysd.socket']);
  fake('case "$3" in start) echo "Job failed." >&2; exit 1;; esac');
  t.match(await startBySystemd(env, signal), {
    kind: 'failed',
    message:
      /Job failed\.\n.*journalctl[^]*reset-failed vmsysd.socket vmsysd.service\n.*start vmsysd.socket$/,
  });
  t.equal(asked().filter((line) => line.startsWith('start')).length, 1);
});

t.test('a daemon is told nothing that systemd said to the program that starts it', async (t) => {
  const { options, logPath } = setUp(
    t,
    `console.error(Object.keys(process.env).filter((name) => /^(LISTEN|NOTIFY|WATCHDOG|INVOC|JOURNAL)/.test(name)));
     ${listening}`,
  );
  const env = {
    ...options.env,
    LISTEN_FDS: '1',
    NOTIFY_SOCKET: '/n',
    WATCHDOG_USEC: '1',
    INVOCATION_ID: 'x',
  };
  await (await startDaemon({ ...options, env: { ...env, JOURNAL_STREAM: '1:2' } })).close();
  t.match(readFileSync(logPath, 'utf8'), /^\[\]\n/);
});
