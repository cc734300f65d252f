// Whether a loop-heavy script is as fast in a session as in the same QuickJS build called directly, in a worker.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { report, times } from './lib/report.mjs';
import { scripts } from './lib/scripts.mjs';
import { connectWhenUp, startDaemon, tempFolder } from './lib/server-process.mjs';
import { median } from './lib/stats.mjs';

const server = startDaemon(join(tempFolder(), 'd'));
const client = await connectWhenUp(server);
const { id: session } = await client.call('session.create');
const direct = new Worker(new URL('./lib/direct-engine.mjs', import.meta.url));
await once(direct, 'message');

const rows = [];
for (const { name, code, value } of scripts) {
  /** @type {{ floor: number[], session: number[] }} */
  const took = { floor: [], session: [] };
  // The first rounds warm both up: V8 compiles the engine's WebAssembly as it runs.
  const warmUp = times(4, 0);
  for (let round = 0; round < times(15, 1) + warmUp; round++) {
    const floorMs = await runDirectly(code, value);
    const sessionMs = await runInSession(code, value);
    if (round < warmUp) continue;
    took.floor.push(floorMs);
    took.session.push(sessionMs);
  }
  rows.push({ what: name, unit: 'ms', value: median(took.session), floor: median(took.floor), aim: 1.05 });
}
client.close();
await Promise.all([server.stop(), direct.terminate()]);
report('loops', 'a loop-heavy script in a session, over the socket, and in the engine called directly', rows);

/**
 * @param {string} code
 * @param {number} expected
 */
async function runDirectly(code, expected) {
  direct.postMessage(code);
  const [{ value, ms }] = await once(direct, 'message');
  if (value !== expected) throw new Error(`direct engine: expected ${expected}, got ${value}`);
  return ms;
}

/**
 * @param {string} code
 * @param {number} expected
 */
async function runInSession(code, expected) {
  const startedAt = performance.now();
  const { result, error } = await client.call('exec.repl', { session, code });
  if (result?.json !== expected)
    throw new Error(`session: expected ${expected}, got ${JSON.stringify(error ?? result)}`);
  return performance.now() - startedAt;
}
