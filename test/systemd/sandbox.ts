// The service's sandbox, attacked from inside: the daemon's program is replaced by one that tries to get out, with
// every other line of the unit as installed. Outside of a sandbox each of its attacks succeeds.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import t from 'tap';
import * as z from 'zod';
import { home, installed } from '../fixtures/systemd.js';
import { installService, type Installed, type Service } from '../fixtures/systemd-service.js';
import type { Teardown } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const probe = `${installed}/test/fixtures/systemd-probe.mjs`;
const state = `${home}/.local/state/vmsys`;
const granted = `${home}/granted`;
const abstractSocket = 'vmsys-test-outside';
/** What users keep; and whatever else the unit hides, so that each of its paths is tried. */
const known = [
  '.ssh/id_ed25519',
  '.gnupg/secring.gpg',
  '.password-store/bank.gpg',
  '.local/share/keyrings/login.keyring',
  '.aws/credentials',
  '.kube/config',
  '.docker/config.json',
  '.config/gh/hosts.yml',
  '.git-credentials',
  '.netrc',
  '.npmrc',
];
const unitText = readFileSync(new URL('../../contrib/systemd/vmsysd.service', import.meta.url), 'utf8');
const hidden = [...unitText.matchAll(/^InaccessiblePaths=(.*)$/gm)].flatMap(([, paths = '']) =>
  paths.split(' ').map((path) => path.replace('-%h/', '')),
);
const secrets = [
  ...known,
  ...hidden.filter((path) => !known.some((file) => `${file}/`.startsWith(`${path}/`))),
].map((name) => `${home}/${name}`);

/** What each attack came to: `open`, or the code of its error. */
const Found = z.record(z.string(), z.string());
type Found = z.infer<typeof Found>;
const Listening = z.object({ port: z.number() });

/** A program outside of the sandbox, which listens on everything that a sandbox may hide. */
const listeners = `
  const { createServer } = require('net');
  createServer().listen('\\0${abstractSocket}');
  createServer().listen('/tmp/agent.sock');
  const tcp = createServer().listen(0, '127.0.0.1', () => console.log(JSON.stringify(tcp.address())));`;

interface Target extends Installed {
  /** The command that attacks, as a unit's ExecStart. */
  command: string;
}

/** A user with secrets and listeners, and the service. */
async function prepare(t: Teardown, options: { userNamespaces: boolean }): Promise<Target> {
  const { service, skip } = await installService(t, options);
  if (skip !== false) return { service, skip, command: '' };
  const { machine } = service;
  for (const path of [...secrets, `${home}/.bashrc`, `${home}/project/file.js`, `${granted}/file`])
    await service.write(path, '');
  const listening = machine.spawn(['node', '-e', listeners]);
  t.teardown(() => void listening.kill());
  const [line] = await once(listening.stdout.setEncoding('utf8'), 'data');
  const { port } = Listening.parse(JSON.parse(String(line)));
  const targets = JSON.stringify({ port, abstractSocket, home, secrets, writable: state, granted });
  return { service, skip, command: `/usr/bin/env node ${probe} '${targets}'` };
}

/** Runs the attacks in the place of the daemon. */
async function attack(service: Service, command: string): Promise<Found> {
  await service.systemctl('stop', 'vmsysd.service');
  await service.write(
    `${home}/.config/systemd/user/vmsysd.service.d/99-probe.conf`,
    `[Service]\nType=oneshot\nRestart=no\nExecStart=\nExecStart=${command}\n`,
  );
  await service.systemctl('daemon-reload');
  await service.machine.run('systemctl --user start vmsysd.service');
  return until('what the attacks came to', async () => {
    const found = (await service.journal())
      .map(({ MESSAGE }) => MESSAGE)
      .filter((line) => String(line).startsWith('{"connect'));
    return found.length > 0 ? Found.parse(JSON.parse(String(found.at(-1)))) : undefined;
  });
}

const open = (found: Found): string[] => Object.keys(found).filter((what) => found[what] === 'open');
const untried = (found: Found): string[] => attacks.filter((what) => found[what] === undefined);
/** Files that attacks made, where they are seen from outside. */
const escaped = `find ${home} /tmp /var/tmp /dev/shm /run/user/$UID -name 'escaped*' 2>/dev/null || true; cat ${home}/.bashrc`;
const allowed = ['write into its own folder', 'read a file of the home'];
/** Closed with and without user namespaces. */
const alwaysClosed = [
  'connect over TCP',
  'send over UDP',
  'list network interfaces',
  'make a user namespace',
  'gain privileges by a setuid program',
  'make a setuid program',
];
const runGranted = 'run a program it wrote into a folder that may be granted';
const writeGranted = 'write into a folder that may be granted';
const attacks = [
  ...alwaysClosed,
  'connect to an abstract socket',
  'write into the home',
  'change ~/.bashrc',
  'add a user unit',
  'write into /dev/shm',
  'write into the runtime folder',
  'reach the session bus',
  'reach the user’s systemd',
  'reach the system bus',
  'reach an agent’s socket in /tmp',
  'run a program outside by systemd-run',
  'read a secret through another process',
  'run a program it wrote',
  'run a program it wrote into /tmp',
  runGranted,
  writeGranted,
  ...secrets.map((path) => `read ${path}`),
];
/** Succeeds in a folder that only the service sees. */
const inOwnTmp = ['write into /tmp', 'write into /var/tmp'];

const full = await prepare(t, { userNamespaces: true });
const reduced = await prepare(t, { userNamespaces: false });
const { skip } = full;

t.test('outside of the sandbox each attack succeeds', { skip }, async (t) => {
  const { machine } = full.service;
  const found = Found.parse(
    JSON.parse(await machine.sh(`systemd-run --user --wait --quiet --pipe ${full.command}`)),
  );
  t.strictSame(open(found).toSorted(), [...attacks, ...allowed, ...inOwnTmp].toSorted(), found);
  t.match(await machine.sh(escaped), 'escaped-by-run');
  await machine.sh(
    `find ${home} /tmp /var/tmp /dev/shm /run/user/$UID -name 'escaped*' -delete 2>/dev/null || true; : >${home}/.bashrc`,
  );
});

t.test('inside none does, but for what it is there for', { skip }, async (t) => {
  const found = await attack(full.service, full.command);
  t.strictSame(open(found).toSorted(), [...allowed, ...inOwnTmp].toSorted(), found);
  t.strictSame(untried(found), []);
  t.equal(await full.service.machine.sh(escaped), '', 'nothing is seen outside');
});

t.test('a folder that was granted can be written to, and nothing else', { skip }, async (t) => {
  const { service } = full;
  await service.machine.sh('rm ~/.config/systemd/user/vmsysd.service.d/99-probe.conf');
  await service.systemctl('daemon-reload');
  await service.systemctl('reset-failed');
  await service.machine.sh(`vmsys service install --write ${granted}`);
  const found = await attack(service, full.command);
  const opened = [...allowed, ...inOwnTmp, writeGranted];
  t.strictSame(open(found).toSorted(), opened.toSorted(), found);
  t.strictSame(untried(found), []);
  t.equal(found[runGranted], 'EACCES', 'it was written, and may not be run');
});

t.test('without user namespaces, what is promised to remain closed does', { skip }, async (t) => {
  const found = await attack(reduced.service, reduced.command);
  t.strictSame(
    alwaysClosed.filter((what) => found[what] === 'open'),
    [],
    found,
  );
  t.strictSame(untried(found), []);
});
