// Programs run for scripts: what they print and how they end, and that nothing of them is left.
import { readFileSync, readdirSync } from 'node:fs';
import t from 'tap';
import { HostError } from '#src/runtime/capabilities/host-module.js';
import { Programs, type ProgramRequest } from '#src/runtime/capabilities/exec/programs.js';
import { tempFolder } from '../../../fixtures/temp.js';
import { until } from '../../../fixtures/until.js';

interface Ran {
  status: number | null;
  signal: string | null;
  stdout: Buffer;
  stderr: Buffer;
}

const request = (script: string, change: Partial<ProgramRequest> = {}): ProgramRequest => ({
  file: '/bin/sh',
  name: 'sh',
  args: ['-c', script],
  cwd: '/tmp',
  env: { PATH: '/usr/bin:/bin' },
  input: '',
  timeoutMs: 10_000,
  maxBytes: 1024 * 1024,
  ...change,
});

const run = async (
  input: ProgramRequest,
  { programs = new Programs(), signal = new AbortController().signal } = {},
): Promise<Ran> => (await programs.handle(input, signal)) as unknown as Ran;

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => {
      if (error instanceof HostError) return error.code;
      throw error;
    },
  );

/** Processes whose command line holds the text. */
const processesWith = (text: string): string[] =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      const isDead = /\) [ZX] /.test(readFileSync(`/proc/${name}/stat`, 'latin1'));
      return !isDead && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });

t.test('output, errors, input, status, folder and environment', async (t) => {
  const folder = tempFolder(t);
  const { status, signal, stdout, stderr } = await run(
    request(
      'cat; pwd; echo "$GRANTED" >&2; env -0 | tr "\\n" " " | tr "\\0" "\\n" | cut -d= -f1 | grep -v -e TAPJS -e NODE_OPTIONS | sort | tr "\\n" " "; exit 3',
      {
        input: 'in\n',
        cwd: folder,
        env: { PATH: '/usr/bin:/bin', GRANTED: 'yes' },
      },
    ),
  );
  t.equal(status, 3);
  t.equal(signal, null);
  t.equal(stdout.toString(), `in\n${folder}\nGRANTED PATH PWD VMSYS_EXEC `);
  t.equal(stderr.toString(), 'yes\n');
  const killed = await run(request('kill -9 $$'));
  t.match(killed, { status: null, signal: 'SIGKILL' });
});

t.test('bytes are bytes, however many', async (t) => {
  const { stdout } = await run(request('head -c 1000000 /dev/zero'));
  t.equal(stdout.length, 1_000_000);
  t.ok(stdout.every((byte) => byte === 0));
});

t.test('a program that is not there, or is none, is an error with a code', async (t) => {
  t.equal(await codeOf(run(request('', { file: '/nothing/here' }))), 'ENOENT');
  t.equal(await codeOf(run(request('', { file: '/etc/passwd' }))), 'EACCES');
  t.equal(await codeOf(run(request('', { cwd: '/nothing/here' }))), 'ENOENT');
});

t.test('one that prints too much is stopped', async (t) => {
  t.equal(await codeOf(run(request('yes', { maxBytes: 10_000 }))), 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER');
});

t.test('one that runs too long is stopped with all that it started', async (t) => {
  const mark = `8${process.pid}1`;
  const script = `sleep ${mark} & (sleep ${mark} & sleep ${mark}) & setsid sleep ${mark} & env -i setsid sleep ${mark} & sleep ${mark}`;
  const work = codeOf(run(request(script, { timeoutMs: 1500 })));
  await until('its family', () => processesWith(`sleep\0${mark}`).length >= 6);
  t.equal(await work, 'ETIMEDOUT');
  t.same(processesWith(`sleep\0${mark}`), []);
});

t.test('what a program leaves behind ends with it', async (t) => {
  const mark = `8${process.pid}2`;
  const { status, stdout } = await run(
    request(`setsid sh -c 'sleep ${mark}' & (sleep ${mark} &) ; echo done`),
  );
  t.equal(status, 0);
  t.equal(stdout.toString(), 'done\n');
  t.same(processesWith(`sleep\0${mark}`), []);
});

t.test('a program that only forks is stopped', async (t) => {
  const mark = `8${process.pid}3`;
  const controller = new AbortController();
  // Each of a chain starts the next in a session of its own and ends: at any moment another process is there.
  const script = `n=0; f() { n=$((n+1)); [ $n -lt 2000 ] || exit; setsid sh -c "MARK=${mark}; sleep 0.01" & (f) & }; f; sleep 30`;
  const work = codeOf(run(request(script), { signal: controller.signal }));
  await until('the first of them', () => processesWith(`MARK=${mark}`).length > 0);
  controller.abort();
  t.equal(await work, 'ECANCELED');
  t.same(processesWith(`MARK=${mark}`), []);
});

t.test('a session that ends takes its programs along', async (t) => {
  const mark = `8${process.pid}4`;
  const programs = new Programs();
  const work = codeOf(run(request(`sleep ${mark}`), { programs }));
  await until('it runs', () => processesWith(`sleep\0${mark}`).length > 0);
  await programs.close();
  t.equal(await work, 'ECANCELED');
  t.same(processesWith(`sleep\0${mark}`), []);
  await programs.close();
});

t.test('one that does not read its input ends all the same', async (t) => {
  const { status } = await run(request('exit 0', { input: Buffer.alloc(4 * 1024 * 1024) }));
  t.equal(status, 0);
});

t.test('one that may not be ended is not waited for', async (t) => {
  const mark = `8${process.pid}5`;
  const programs = new Programs();
  const work = codeOf(run(request(`exec sleep ${mark}`), { programs }));
  await until('it runs', () => processesWith(`sleep\0${mark}`).length > 0);
  const kill = process.kill.bind(process);
  // As the system does for a program that has taken another user's rights.
  process.kill = () => {
    throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  };
  try {
    await programs.close();
    t.equal(await work, 'ECANCELED');
  } finally {
    process.kill = kill;
    for (const pid of processesWith(`sleep\0${mark}`)) kill(Number(pid), 'SIGKILL');
  }
});

t.test('a mark that stands behind a large environment is found', async (t) => {
  const mark = `8${process.pid}6`;
  const env = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`LARGE${n}`, 'x'.repeat(100_000)]));
  const script = `setsid sleep ${mark} &`;
  t.match(await run(request(script, { env: { PATH: '/usr/bin:/bin', ...env } })), { status: 0 });
  t.same(processesWith(`sleep\0${mark}`), []);
});
