// Has the programs and the worker thread run once, as they are used, and keeps what V8 has compiled of them by then.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bundles = fileURLToPath(new URL('../dist/bundle/', import.meta.url));
const runner = fileURLToPath(new URL('code-cache-run.cjs', import.meta.url));

/** What takes longer has hung. */
const limitMs = 60_000;

/** Starts a program that keeps what was compiled of it when it ends. */
function start(home, program, ...args) {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_RUNTIME_DIR: join(home, 'run'),
    VMSYS_NO_START: '1',
  };
  const limit = { timeout: limitMs, killSignal: 'SIGKILL' };
  return fork(runner, [program, ...args], { env, cwd: home, execArgv: [], silent: true, ...limit });
}

/** Waits for its end; throws with what it wrote where it failed. */
async function end(child) {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${child.spawnargs.join(' ')}: exit status ${status}:\n${output}`);
}

/** Call it when the bundles are written, which work without: where a daemon cannot run now, this says so and is done. */
export async function writeCodeCaches() {
  try {
    await runPrograms();
  } catch (error) {
    console.warn(`the programs will start more slowly: ${error.message}`);
  }
}

async function runPrograms() {
  const home = mkdtempSync(join(tmpdir(), 'vmsysd-build-'));
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  const daemon = start(home, 'vmsysd');
  const ended = end(daemon);
  ended.catch(() => {}); // heard below, if all goes well until then
  try {
    await Promise.race([once(daemon, 'message'), ended]);
    await end(start(home, 'vmsys', 'eval', 'console.log([1, { a: 2 }]); await 3'));
    daemon.send('end');
    await ended;
    // A daemon writes for its owner alone.
    for (const file of readdirSync(bundles)) chmodSync(join(bundles, file), 0o644);
  } finally {
    daemon.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}
