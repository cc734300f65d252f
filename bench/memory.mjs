// What a session costs in memory, live and hibernated: the growth of the daemon's memory over a number of them.
// Private memory is what no other process shares; the floor is a bare worker thread of Node's.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';
import { evaluate } from './lib/pair.mjs';
import { report, times } from './lib/report.mjs';
import { connectWhenUp, startDaemon, tempFolder } from './lib/server-process.mjs';

const count = times(10, 2);
const server = startDaemon(join(tempFolder(), 'd'));
const client = await connectWhenUp(server);

// The first session has started what all share.
await makeSession();
const start = await settled(server.pid);
const sessions = [];
for (let made = 0; made < count; made++) sessions.push(await makeSession());
const live = await settled(server.pid);
for (const session of sessions) await client.call('session.hibernate', { session });
const hibernated = await settled(server.pid);
client.close();
await server.stop();

const before = await settled(process.pid);
const workers = [];
for (let made = 0; made < count; made++) workers.push(await startBareWorker());
const bare = await settled(process.pid);
await Promise.all(workers.map((worker) => worker.terminate()));

const floor = (bare - before) / count;
report('memory', 'private memory of a session of the default template, after one call', [
  { what: 'a live session', unit: 'MB', value: (live - start) / count, floor },
  { what: 'a hibernated session', unit: 'MB', value: Math.max(0, hibernated - start) / count },
  { what: 'the daemon with one session', unit: 'MB', value: start },
]);

async function makeSession() {
  const { id } = await client.call('session.create');
  await evaluate(client, id);
  return id;
}

/** @returns {Promise<Worker>} one that waits for messages */
function startBareWorker() {
  const worker = new Worker("require('node:worker_threads').parentPort.on('message', () => {})", {
    eval: true,
  });
  return new Promise((resolve) => worker.once('online', () => resolve(worker)));
}

/**
 * Megabytes of private memory, when they change no more: workers start and end behind the answers.
 * @param {number} pid
 */
async function settled(pid) {
  let last = privateMb(pid);
  for (let look = 0; look < times(20, 1); look++) {
    await sleep(100);
    const now = privateMb(pid);
    if (look > 3 && Math.abs(now - last) < 0.1) return now;
    last = now;
  }
  return last;
}

/** @param {number} pid */
function privateMb(pid) {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].map(([, size]) =>
    Number(size),
  );
  return kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
}
