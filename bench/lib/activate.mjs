// Inside a machine with a real `systemd --user`: installs the service and two floors beside it, lets each sleep and
// measures from connecting to the first answer, in turn. Prints the times in milliseconds as JSON.
// Usage: activate.mjs ROUNDS
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connectLines } from './line-client.mjs';

const rounds = Number(process.argv[2]);
const units = `${process.env['HOME']}/.config/systemd/user`;
const runtimeDir = process.env['XDG_RUNTIME_DIR'] ?? '';
const floorServer = fileURLToPath(new URL('./floor-server.mjs', import.meta.url));
const command = `ExecStart=${process.execPath} ${floorServer} activated`;

/** @param {string[]} words */
const systemctl = (...words) =>
  execFileSync('systemctl', ['--user', ...words], { stdio: ['ignore', 'pipe', 'ignore'] });

/**
 * @param {string} name
 * @param {string} service
 */
function addFloor(name, service) {
  writeFileSync(
    `${units}/${name}.socket`,
    `[Socket]\nListenStream=%t/${name}.sock\nTriggerLimitIntervalSec=0\n`,
  );
  writeFileSync(`${units}/${name}.service`, service);
}

// Nobody starts a service as often as this does.
for (const [unit, section] of /** @type {const} */ ([
  ['vmsysd.service', '[Unit]\nStartLimitIntervalSec=0\n'],
  ['vmsysd.socket', '[Socket]\nTriggerLimitIntervalSec=0\n'],
])) {
  mkdirSync(`${units}/${unit}.d`, { recursive: true });
  writeFileSync(`${units}/${unit}.d/bench.conf`, section);
}
execFileSync('vmsys', ['service', 'install'], { stdio: ['ignore', 'ignore', 'inherit'] });
addFloor('floor-plain', `[Unit]\nStartLimitIntervalSec=0\n[Service]\n${command}\n`);
addFloor(
  'floor',
  readFileSync(`${units}/vmsysd.service`, 'utf8')
    .replace(/^ExecStart=.*$/m, command)
    .replace(/^Type=notify$/m, 'Type=simple')
    .replace(/^WatchdogSec=.*$/m, '')
    .replace(/^StartLimitIntervalSec=.*$/m, 'StartLimitIntervalSec=0')
    .replaceAll('vmsysd.socket', 'floor.socket'),
);
systemctl('daemon-reload');
systemctl('start', 'floor-plain.socket', 'floor.socket');

/**
 * The time of one activation.
 * @param {string} unit
 * @param {string} socket
 * @param {(client: import('./line-client.mjs').LineClient) => Promise<void>} ask
 */
async function activate(unit, socket, ask) {
  systemctl('stop', `${unit}.service`);
  const startedAt = performance.now();
  const client = await connectLines(`${runtimeDir}/${socket}`);
  await ask(client);
  const ms = performance.now() - startedAt;
  client.close();
  return ms;
}

/** @param {import('./line-client.mjs').LineClient} client */
async function evaluateOnce(client) {
  const { id: session } = await client.call('session.create');
  const execution = await client.call('exec.repl', { session, code: '1+1' });
  if (execution.result?.json !== 2) throw new Error(`1+1: expected 2, got ${JSON.stringify(execution)}`);
}

/** @type {Record<string, number[]>} */
const took = { daemon: [], health: [], floor: [], plainFloor: [] };
const socket = 'vmsys/vmsysd.sock';
for (let round = 0; round < rounds; round++) {
  took.floor.push(await activate('floor', 'floor.sock', (client) => client.call('echo', { code: '1+1' })));
  took.daemon.push(await activate('vmsysd', socket, evaluateOnce));
  took.plainFloor.push(
    await activate('floor-plain', 'floor-plain.sock', (client) => client.call('echo', { code: '1+1' })),
  );
  took.health.push(await activate('vmsysd', socket, (client) => client.call('system.health')));
}
process.stdout.write(JSON.stringify(took));
process.exit(0);
