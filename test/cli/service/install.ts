// install, uninstall and status on a host that says what the test wants; a real one is in test/systemd.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { installCommand } from '#src/cli/service/install.js';
import { statusCommand } from '#src/cli/service/status.js';
import { uninstallCommand } from '#src/cli/service/uninstall.js';
import { serviceHost, wellUnits, type ServiceHost } from '../../fixtures/service-host.js';

const units = ['vmsys-job@.service', 'vmsys-job@.timer', 'vmsysd.service', 'vmsysd.socket'];
const filesOf = ({ unitFolder }: ServiceHost): string[] =>
  existsSync(unitFolder) ? readdirSync(unitFolder).toSorted() : [];
const readIn = (host: ServiceHost, name: string): string => readFileSync(join(host.unitFolder, name), 'utf8');

/** Installed, and everything well. */
async function installed(t: Parameters<typeof serviceHost>[0]): Promise<ServiceHost> {
  const host = serviceHost(t);
  await host.serve();
  await host.run(installCommand);
  const { socket, service } = wellUnits(host);
  host.setUnit('vmsysd.socket', socket);
  host.setUnit('vmsysd.service', service);
  host.calls();
  return host;
}

t.test('install writes the units, makes the folders and has systemd listen', async (t) => {
  const host = serviceHost(t);
  await host.serve();
  const { status, stdout } = await host.run(installCommand);
  t.equal(status, 0);
  t.strictSame(filesOf(host), units);
  t.ok(existsSync(host.stateDir) && existsSync(host.cacheDir));
  t.strictSame(host.calls(), ['daemon-reload', 'enable vmsysd.socket', 'start vmsysd.socket']);
  t.match(stdout, /✓ wrote .*vmsysd\.socket\n/);
  t.match(stdout, /✓ the service answers: vmsysd 0\.1\.0, pid \d+/);
  const service = readIn(host, 'vmsysd.service');
  t.match(
    service,
    `--state-dir ${host.stateDir} --cache-dir ${host.cacheDir}`,
    'this home is not the one of %h',
  );
  t.match(service, `ExecStart=${process.execPath} `);
});

t.test('installing again changes nothing', async (t) => {
  const host = await installed(t);
  const { status, stdout } = await host.run(installCommand);
  t.equal(status, 0);
  t.strictSame(host.calls(), []);
  t.match(stdout, /^Everything is as it should be\./);
});

t.test('an older file is written anew, and the service that runs is started anew', async (t) => {
  const host = await installed(t);
  const path = join(host.unitFolder, 'vmsysd.service');
  const current = readIn(host, 'vmsysd.service');
  const { markUnit } = await import('#src/cli/service/unit-text.js');
  writeFileSync(path, markUnit('[Service]\nExecStart=/old/node\n', '0.0.9'));
  host.setUnit('vmsysd.service', { ...wellUnits(host).service, ActiveState: 'active' });
  await host.run(installCommand);
  t.strictSame(host.calls(), ['daemon-reload', 'try-restart vmsysd.service']);
  t.equal(readIn(host, 'vmsysd.service'), current);
  t.strictSame(filesOf(host), units);
});

t.test('an update whose units say the same leaves the socket, and who waits in its queue', async (t) => {
  const host = await installed(t);
  const { markUnit, readMark } = await import('#src/cli/service/unit-text.js');
  const current = units.map((name) => readIn(host, name));
  for (const [at, name] of units.entries()) {
    writeFileSync(join(host.unitFolder, name), markUnit(readMark(current[at] ?? '')?.body ?? '', '0.0.9'));
  }
  t.not(readIn(host, 'vmsysd.socket'), current[units.indexOf('vmsysd.socket')]);
  host.setUnit('vmsysd.service', { ...wellUnits(host).service, ActiveState: 'active' });
  await host.run(installCommand);
  t.strictSame(host.calls(), ['daemon-reload'], 'the daemon that runs is of this version');
  t.strictSame(
    units.map((name) => readIn(host, name)),
    current,
  );
});

t.test('a service of another version is started anew', async (t) => {
  const host = serviceHost(t);
  await host.serve({ version: '0.0.9' });
  await host.run(installCommand);
  const { socket, service } = wellUnits(host);
  host.setUnit('vmsysd.socket', socket);
  host.setUnit('vmsysd.service', { ...service, ActiveState: 'active' });
  host.calls();
  await host.run(installCommand);
  t.strictSame(host.calls(), ['try-restart vmsysd.service']);
});

t.test('a file that was changed by hand is kept beside the new one', async (t) => {
  const host = await installed(t);
  const path = join(host.unitFolder, 'vmsysd.socket');
  const before = readIn(host, 'vmsysd.socket');
  writeFileSync(path, `${before}# mine\n`);
  const { stdout } = await host.run(installCommand);
  t.match(stdout, `kept what was changed by hand as ${path}.old`);
  t.equal(readIn(host, 'vmsysd.socket'), before);
  t.equal(readIn(host, 'vmsysd.socket.old'), `${before}# mine\n`);
  t.strictSame(host.calls(), ['daemon-reload', 'restart vmsysd.socket'], 'the socket is another one now');
});

t.test('a file of somebody else is not touched, and nothing else is done', async (t) => {
  const host = serviceHost(t);
  mkdirSync(host.unitFolder, { recursive: true });
  writeFileSync(join(host.unitFolder, 'vmsysd.service'), '[Service]\nExecStart=/mine\n');
  await t.rejects(host.run(installCommand), {
    name: 'ServiceFault',
    message: /vmsysd\.service; move it away/,
  });
  t.strictSame(filesOf(host), ['vmsysd.service']);
  t.strictSame(host.calls(), []);
});

t.test('--dry-run shows files and commands, and does nothing', async (t) => {
  const host = serviceHost(t);
  const { status, stdout } = await host.run(installCommand, { dryRun: true });
  t.equal(status, 0);
  t.match(stdout, /would write .*vmsysd\.socket\n    # Written by/);
  t.match(stdout, /would run systemctl --user enable vmsysd\.socket\n/);
  t.strictSame([filesOf(host), host.calls(), existsSync(host.stateDir)], [[], [], false]);
  const json = JSON.parse(
    (await host.run(installCommand, { dryRun: true }, { json: true })).stdout,
  ) as unknown;
  t.match(json, {
    dryRun: true,
    steps: [{ kind: 'make-folder' }, { kind: 'make-folder' }, { kind: 'write' }],
  });
});

t.test(
  'a host without user namespaces gets the smaller sandbox, and loses it when that changes',
  async (t) => {
    const host = serviceHost(t);
    await host.serve();
    host.answerProbe(217);
    const { stderr } = await host.run(installCommand);
    t.match(stderr, /no user namespaces \(a sandboxed unit ended with status 217\)/);
    const dropIn = join(host.unitFolder, 'vmsysd.service.d', '90-no-user-namespaces.conf');
    t.match(readFileSync(dropIn, 'utf8'), /^PrivateUsers=no$/m);
    t.match((await host.run(statusCommand)).stdout, /not installed/);
    host.setUnit('vmsysd.socket', wellUnits(host).socket);
    t.match((await host.run(statusCommand)).stdout, /sandbox +reduced/);
    host.answerProbe(0);
    t.equal((await host.run(installCommand)).stderr, '');
    t.notOk(existsSync(join(host.unitFolder, 'vmsysd.service.d')));
  },
);

t.test('a sandbox that could not be tried is no reason for a smaller one', async (t) => {
  const host = serviceHost(t);
  for (const exitStatus of [0, 1, 203]) {
    host.answerProbe(exitStatus);
    host.answer('systemd-run', 1, 'Failed to connect to bus: No such file or directory');
    await t.rejects(host.run(installCommand), {
      name: 'ServiceFault',
      message: /could not be tried \(.*Failed to connect to bus.*\), so nothing was changed/s,
    });
  }
  t.strictSame(filesOf(host), []);
});

t.test('grants are added, kept, and taken back', async (t) => {
  const host = await installed(t);
  const dropIns = join(host.unitFolder, 'vmsysd.service.d');
  const write = (): string => readFileSync(join(dropIns, '60-write.conf'), 'utf8');
  const folders = ['a b', 'c'].map((name) => join(host.home, name));
  folders.forEach((folder) => mkdirSync(folder));
  await host.run(installCommand, { write: [folders[0]], net: true });
  t.strictSame(readdirSync(dropIns), ['60-net.conf', '60-write.conf']);
  await host.run(installCommand, { write: [folders[1]] });
  await host.run(installCommand);
  // The home of a test is in /tmp: the service would not see it by itself.
  for (const folder of folders) t.match(write(), `-${folder}`);
  t.match(write(), /^BindPaths="-.*\/a b"$/m);
  t.match(write(), /^NoExecPaths="-.*\/a b"$/m);
  t.match((await host.run(statusCommand)).stdout, /may write.*a b.*\nnetwork +allowed/);
  await host.run(installCommand, {}, { withheld: ['write'] });
  t.strictSame(readdirSync(dropIns), ['60-net.conf']);
  await host.run(installCommand, { net: false });
  t.notOk(existsSync(dropIns));
});

t.test('folders that hold the way out of the sandbox are not granted', async (t) => {
  const host = await installed(t);
  mkdirSync(join(host.home, 'file-folder'));
  writeFileSync(join(host.home, 'file'), '');
  const inHome = [
    '.config',
    '.config/autostart',
    '.local',
    'bin',
    '.local/share/systemd/user',
    'link',
    'deep',
  ];
  const [, , , bin = '', units = '', link = '', deep = ''] = inHome.map((name) => join(host.home, name));
  [join(host.home, '.config', 'autostart'), bin, units, deep].forEach((path) =>
    mkdirSync(path, { recursive: true }),
  );
  symlinkSync(host.stateDir, link);
  symlinkSync(deep, join(host.home, '.config', 'environment.d'));
  host.readUnitsFrom(host.unitFolder, units);
  for (const folder of [
    host.home,
    '/',
    ...inHome.map((name) => join(host.home, name)),
    host.unitFolder,
    host.stateDir,
    process.cwd(),
  ]) {
    await t.rejects(
      host.run(installCommand, { write: [folder] }, { env: { PATH: `${bin}:${host.env['PATH']}` } }),
      { name: 'UsageFault', message: /leave the sandbox; grant a narrower folder/ },
      folder,
    );
  }
  for (const folder of ['nowhere', 'file']) {
    await t.rejects(host.run(installCommand, { write: [join(host.home, folder)] }), {
      message: /expected a folder that exists/,
    });
  }
  t.strictSame(host.calls(), []);
});

t.test('the state folder of the config file and of variables goes into the units', async (t) => {
  const host = serviceHost(t);
  mkdirSync(join(host.home, '.config', 'vmsys'), { recursive: true });
  writeFileSync(
    join(host.home, '.config', 'vmsys', 'config.json'),
    '{ "stateDir": "~/st", "cacheDir": "/other/cache" }',
  );
  const env = { VMSYS_CACHE_DIR: '/var/c' };
  const { stdout } = await host.run(installCommand, { dryRun: true }, { env });
  t.match(stdout, `--state-dir ${host.home}/st --cache-dir /var/c`);
  writeFileSync(join(host.home, '.config', 'vmsys', 'config.json'), '{');
  await t.rejects(host.run(installCommand, { dryRun: true }), {
    name: 'ServiceFault',
    message: /config\.json cannot be read/,
  });
});

t.test('without a manager, or one that reads another folder, nothing is written', async (t) => {
  const host = serviceHost(t);
  host.answer('manager', 1, 'Failed to connect to bus: No medium found\n');
  await t.rejects(host.run(installCommand), {
    name: 'ServiceFault',
    message: /no systemd of user .*No medium found.*just use it/s,
  });
  t.match(await host.run(statusCommand), { status: 0, stdout: /no systemd of user/ });
  const other = serviceHost(t);
  await t.rejects(other.run(installCommand, {}, { env: { XDG_CONFIG_HOME: `${other.home}/elsewhere` } }), {
    message: /reads no units from .*elsewhere/,
  });
  t.strictSame([filesOf(host), filesOf(other)], [[], []]);
});

t.test('a service that does not answer is said', async (t) => {
  const host = serviceHost(t);
  await t.rejects(host.run(installCommand), {
    message: /installed, but the service does not answer .*vmsys service doctor/,
  });
  t.strictSame(filesOf(host), units);
});

t.test('a service that cannot start is said, with the reason it gives', async (t) => {
  const host = serviceHost(t);
  await host.refuse('config.json does not fit: logLevl');
  await t.rejects(host.run(installCommand), {
    message:
      /cannot start: config\.json does not fit: logLevl\nOnce that is put right: systemctl --user restart/,
  });
});

t.test('--system and --group go together', async (t) => {
  const host = serviceHost(t);
  for (const params of [{ system: true }, { group: 'developers' }]) {
    await t.rejects(host.run(installCommand, params), { name: 'UsageFault' });
  }
  await t.rejects(host.run(installCommand, { system: true, group: 'no-such-group', dryRun: true }), {
    message: /there is no group no-such-group/,
  });
  t.throws(() => installCommand.params.parse({ system: true, group: '../x' }));
});

t.test('a shared service can be taken away when its group is gone', async (t) => {
  const host = serviceHost(t);
  const params = { system: true, group: 'no-such-group', dryRun: true };
  t.match(await host.run(uninstallCommand, params), { status: 0, stdout: /stay in \/var\/lib\/vmsys/ });
});

t.test('uninstall takes away what install brought, and nothing else', async (t) => {
  const host = await installed(t);
  mkdirSync(join(host.home, 'out'));
  await host.run(installCommand, { write: [join(host.home, 'out')] });
  host.calls();
  const dropIns = join(host.unitFolder, 'vmsysd.service.d');
  writeFileSync(join(dropIns, 'override.conf'), '[Service]\n');
  writeFileSync(join(host.unitFolder, 'mine.service'), '');
  const wants = join(host.unitFolder, 'timers.target.wants');
  mkdirSync(wants);
  symlinkSync('../vmsys-job@.timer', join(wants, 'vmsys-job@tally.timer'));
  symlinkSync('../mine.timer', join(wants, 'mine.timer'));
  const { status, stdout } = await host.run(uninstallCommand);
  t.equal(status, 0);
  t.strictSame(host.calls(), [
    'disable --now vmsys-job@tally.timer',
    'disable --now vmsysd.socket',
    'daemon-reload',
  ]);
  t.strictSame(filesOf(host), ['mine.service', 'timers.target.wants', 'vmsysd.service.d']);
  t.strictSame(readdirSync(dropIns), ['override.conf']);
  t.ok(existsSync(host.stateDir));
  t.match(stdout, `Sessions and libraries stay in ${host.stateDir} and ${host.cacheDir}.`);
});

t.test('uninstall where nothing is installed does nothing', async (t) => {
  const host = serviceHost(t);
  const { status, stdout } = await host.run(uninstallCommand);
  t.match({ status, stdout }, { status: 0, stdout: /^Nothing of it is installed/ });
  t.strictSame(host.calls(), []);
});

t.test('status shows a daemon that runs, and does not wake one that sleeps', async (t) => {
  const host = serviceHost(t);
  const daemon = await host.serve();
  const { socket, service } = wellUnits(host);
  host.setUnit('vmsysd.socket', socket);
  host.setUnit('vmsysd.service', service);
  const asleep = await host.run(statusCommand);
  t.match(asleep.stdout, /^socket +listening on .*\nservice +asleep: the next call starts it\n/);
  t.strictSame(daemon.calls, []);
  host.setUnit('vmsysd.service', { ...service, ActiveState: 'active', MainPID: String(process.pid) });
  const running = await host.run(statusCommand);
  t.match(
    running.stdout,
    /daemon +vmsysd 0\.1\.0, pid \d+, started by systemd\nleaves +when idle for 10 min\nsessions +3 ready, of these 1 in memory/,
  );
  t.match(JSON.parse((await host.run(statusCommand, {}, { json: true })).stdout), {
    installed: true,
    socket: { active: 'active' },
    info: { activation: 'systemd' },
    summary: { sessions: { ready: 3 } },
  });
  host.setUnit('vmsysd.socket', { ...socket, ActiveState: 'failed', Result: 'service-start-limit-hit' });
  t.match(
    (await host.run(statusCommand)).stdout,
    /^socket +failed \(service-start-limit-hit\): see "vmsys service doctor"/,
  );
});
