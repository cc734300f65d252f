// A daemon that was started directly and holds the state folder or the socket: found, and stopped in good order.
// systemd would otherwise put its socket in the place of the one that this daemon listens on, and both would be lost.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { connect } from '../../rpc/client.js';
import { infoAt } from './ask.js';
import type { Scope } from './scope.js';
import { ServiceFault } from './service-fault.js';

export interface DirectDaemon {
  pid: number;
  socketPath: string;
}

/** The record that a daemon keeps beside its database. */
const Holder = z.object({ pid: z.int(), socketPath: z.string() });

/** What runs is cancelled after 5 seconds by default, then all sessions are saved. */
const stopMs = 30_000;
const pollMs = 50;

/** The daemons that systemd did not start: at the socket, and the one that holds the state folder. */
export async function findDirectDaemons(scope: Scope, signal: AbortSignal): Promise<DirectDaemon[]> {
  const holder = readHolder(join(scope.stateDir, 'daemon.json'));
  const atSocket = readHolder(`${scope.socketPath}.json`);
  const found = new Map<number, DirectDaemon>();
  for (const candidate of [holder, atSocket]) {
    if (candidate === undefined || !isAlive(candidate.pid)) continue;
    // Where nobody answers, the daemon is still starting or stopping, or its socket was removed.
    const info = await infoAt(candidate.socketPath, signal);
    if (info?.activation === 'systemd' || (info !== undefined && info.pid !== candidate.pid)) continue;
    found.set(candidate.pid, { pid: candidate.pid, socketPath: candidate.socketPath });
  }
  return [...found.values()];
}

/** Stops it by `system.shutdown` and waits for its end; throws ServiceFault with the command where that fails. */
export async function stopDirectDaemon(
  { pid, socketPath }: DirectDaemon,
  signal: AbortSignal,
): Promise<void> {
  try {
    const client = await connect(socketPath, { signal });
    try {
      await client.call('system.shutdown', {}, { signal });
    } finally {
      await client.close();
    }
  } catch {
    signal.throwIfAborted(); // otherwise it may be on its way out already: the wait says
  }
  const deadline = Date.now() + stopMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      throw new ServiceFault(
        `the daemon that was started directly (pid ${pid}) still runs ${stopMs / 1000} s after it was asked to stop; end it with "kill ${pid}" and install again`,
      );
    }
    await sleep(pollMs, undefined, { signal });
  }
}

function readHolder(path: string): DirectDaemon | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // half written, or of another version
  }
}

/** Whether this process runs and is a vmsysd: a number may have gone to another program since it was written down. */
function isAlive(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0];
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return state !== 'Z' && words.some((word) => /(^|\/)vmsysd(\.js)?$/.test(word));
  } catch {
    return false; // it ended, perhaps between the two
  }
}
