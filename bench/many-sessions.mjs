// Ten thousand sessions asleep: what they cost the daemon's memory, and how soon it answers after a restart.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { report, times } from './lib/report.mjs';
import { connectWhenUp, startDaemon, tempFolder } from './lib/server-process.mjs';

/** @param {number} pid */
const privateMb = (pid) =>
  Number(/Private_Dirty:\s+([0-9]+)/.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024;

const folder = tempFolder();
const place = join(folder, 'd');
const many = times(10_000, 20);

/** @returns {Promise<number>} */
async function emptyDaemonMb() {
  const server = startDaemon(join(folder, 'empty'));
  const daemon = await connectWhenUp(server);
  const { id: session } = await daemon.call('session.create');
  await daemon.call('exec.repl', { session, code: '1+1' });
  const mb = privateMb(server.pid);
  daemon.close();
  await server.stop();
  return mb;
}

const first = startDaemon(place);
const maker = await connectWhenUp(first);
const { id: session } = await maker.call('session.create');
await maker.call('exec.repl', { session, code: 'let n = 41; const add = (m) => n + m' });
for (let copy = 0; copy < many; copy++) await maker.call('session.fork', { session });
maker.close();
await first.stop();

const startedAt = performance.now();
const server = startDaemon(place);
const daemon = await connectWhenUp(server);
const { result } = await daemon.call('exec.repl', { session, code: 'add(1)' });
const answeredMs = performance.now() - startedAt;
if (result?.json !== 42) throw new Error(`add: expected 42, got ${JSON.stringify(result)}`);
const { sessions } = await daemon.call('system.summary');
if (sessions.ready !== many + 1) throw new Error(`expected ${many + 1} sessions, got ${sessions.ready}`);
const mb = privateMb(server.pid);
daemon.close();
await server.stop();

report('many-sessions', `${many} sessions asleep`, [
  { what: 'memory above an empty daemon', unit: 'MiB', value: mb - (await emptyDaemonMb()), aim: 64 },
  { what: 'start, to the first answer', unit: 'ms', value: answeredMs, aim: 1000 },
]);
