// How long from starting the daemon's process to the first answer of a session that did not exist, with an empty
// state folder and with a used one; the floor is a bare Unix-socket server of Node's.
import { join } from 'node:path';
import { report, times } from './lib/report.mjs';
import { connectWhenUp, startDaemon, startFloor, tempFolder } from './lib/server-process.mjs';
import { median } from './lib/stats.mjs';

const folder = tempFolder();
/** @type {Record<'floor' | 'empty' | 'used' | 'health', number[]>} */
const took = { floor: [], empty: [], used: [], health: [] };

for (let round = 0; round < times(9, 1); round++) {
  const home = join(folder, `d${round}`);
  took.floor.push((await coldStart(() => startFloor(folder, { bare: true }), echoOnce)).ms);
  took.empty.push((await coldStart(() => startDaemon(home), evaluateOnce)).ms);
  took.used.push((await coldStart(() => startDaemon(home), evaluateOnce)).ms);
  took.health.push(
    (
      await coldStart(
        () => startDaemon(home),
        (client) => client.call('system.health'),
      )
    ).ms,
  );
}

const floor = median(took.floor);
report('cold-start', 'from starting the process to its first answer', [
  { what: 'empty state: new session, 1+1', unit: 'ms', value: median(took.empty), aim: 400 },
  { what: 'used state: new session, 1+1', unit: 'ms', value: median(took.used), aim: 400 },
  { what: 'used state: system.health', unit: 'ms', value: median(took.health), floor },
]);

/**
 * @param {() => import('./lib/server-process.mjs').ServerProcess} start
 * @param {(client: import('./lib/line-client.mjs').LineClient) => Promise<unknown>} ask
 */
async function coldStart(start, ask) {
  const startedAt = performance.now();
  const server = start();
  const client = await connectWhenUp(server);
  await ask(client);
  const ms = performance.now() - startedAt;
  client.close();
  await server.stop();
  return { ms };
}

/** @param {import('./lib/line-client.mjs').LineClient} client */
async function echoOnce(client) {
  await client.call('echo', { code: '1+1' });
}

/** @param {import('./lib/line-client.mjs').LineClient} client */
async function evaluateOnce(client) {
  const { id } = await client.call('session.create');
  const execution = await client.call('exec.repl', { session: id, code: '1+1' });
  if (execution.result?.json !== 2) throw new Error(`1+1: expected 2, got ${JSON.stringify(execution)}`);
}
