// How long from connecting to the socket of a service that sleeps to the first answer of a session that did not exist:
// through a real `systemd --user`, in the sandbox as installed. The floor is a bare server of Node's, activated in the
// same way and in the same sandbox.
import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { report, skip, times } from './lib/report.mjs';
import { median } from './lib/stats.mjs';

const question = 'from a connection to the sleeping service to its first answer';
const machine = fileURLToPath(new URL('../test/fixtures/systemd-machine.sh', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
/** The checkout is there as if it had been installed for all users. */
const inside = join(
  '/usr/local/lib/node_modules/vmsysd',
  relative(root, fileURLToPath(new URL('./lib/activate.mjs', import.meta.url))),
);
const cannot = 77;

const { status, stdout, stderr } = spawnSync('bash', [machine, 'node', inside, String(times(15, 1))], {
  encoding: 'utf8',
});
if (status === cannot) {
  skip('cold-activation', question, stderr.trim());
} else if (status !== 0) {
  throw new Error(`cold-activation: status ${status} in the machine\n${stdout}${stderr}`);
} else {
  /** @type {Record<'daemon' | 'health' | 'floor' | 'plainFloor', number[]>} */
  const took = JSON.parse(stdout);
  const floor = median(took.floor);
  report('cold-activation', question, [
    { what: 'new session, 1+1', unit: 'ms', value: median(took.daemon), aim: 400 },
    { what: 'the same, against the floor', unit: 'ms', value: median(took.daemon), floor, aim: 3 },
    { what: 'system.health', unit: 'ms', value: median(took.health), floor },
    { what: 'the floor without a sandbox', unit: 'ms', value: median(took.plainFloor) },
  ]);
}
