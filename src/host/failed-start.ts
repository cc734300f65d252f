// A start that failed while systemd listens: whoever waits in the queue is told why. A start that ended at once would
// leave them there while it is repeated, until systemd's limits are reached and the socket is gone.
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './errors.js';
import { refuseAll, type Inherited } from './inherited.js';

/** So long clients are refused before the process ends: six starts a minute are far below the 20 of our unit. */
const refusingMs = 10_000;

/** Refuses everybody for a while, for this reason; less the time for which clients were refused already. */
export async function refuseClients(inherited: Inherited, { message }: StartError): Promise<void> {
  const leftMs = refusingMs - (performance.now() - (inherited.servingSince ?? performance.now()));
  try {
    await inherited.serve(refuseAll(message));
  } catch {
    return; // it cannot be listened on: perhaps that is why the start failed
  }
  await sleep(Math.max(0, leftMs));
  inherited.close();
}
