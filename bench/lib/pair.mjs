// The floor and the daemon side by side, each with a client of the same make, and a session to call.
import { join } from 'node:path';
import { connectWhenUp, startDaemon, startFloor, tempFolder } from './server-process.mjs';

/**
 * Starts both. Blocks of calls to one and the other, taken in turn, see the same machine.
 * @param {{ clients?: number }} [options] `clients`: further connections and a session for each
 */
export async function connectPair({ clients = 1 } = {}) {
  const folder = tempFolder();
  const servers = { floor: startFloor(folder), daemon: startDaemon(join(folder, 'd')) };
  const pairs = [];
  for (let client = 0; client < clients; client++) {
    const floor = await connectWhenUp(servers.floor);
    const daemon = await connectWhenUp(servers.daemon);
    const { id: session } = await daemon.call('session.create');
    pairs.push({ floor, daemon, session });
  }
  const [first] = pairs;
  if (first === undefined) throw new Error('pair: expected at least one client');
  const stop = async () => {
    for (const { floor, daemon } of pairs) {
      floor.close();
      daemon.close();
    }
    await Promise.all([servers.floor.stop(), servers.daemon.stop()]);
  };
  return { ...first, pairs, stop };
}

/**
 * Evaluates `1+1` and checks the answer.
 * @param {import('./line-client.mjs').LineClient} client
 * @param {string} session
 */
export async function evaluate(client, session) {
  const execution = await client.call('exec.repl', { session, code: '1+1' });
  if (execution.result?.json !== 2) throw new Error(`1+1: expected 2, got ${JSON.stringify(execution)}`);
}
