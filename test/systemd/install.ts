// `vmsys service install`, `status` and `uninstall` on a machine that was just booted, as a user would use them.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import t from 'tap';
import { bootMachine, home, installed, socketPath } from '../fixtures/systemd.js';
import { Service } from '../fixtures/systemd-service.js';
import { until } from '../fixtures/until.js';

t.setTimeout(240_000); // some twenty starts of the service: half a minute on two idle cores
const { machine, skip } = await bootMachine(t);
const service = new Service(machine);
const units = `${home}/.config/systemd/user`;
const files = (): Promise<string> => machine.sh(`cd ${home}; find . -type f | sort`);

t.test('--dry-run says what would be done, and does nothing', { skip }, async (t) => {
  const before = await files();
  const said = await machine.sh('vmsys service install --dry-run');
  t.match(said, `write ${units}/vmsysd.service`);
  t.match(said, 'systemctl --user enable');
  t.equal(await files(), before);
  t.match(await machine.run('vmsys service status'), { stdout: /not installed/ });
});

t.test('it takes over from a daemon that was started by hand, with its sessions', { skip }, async (t) => {
  await machine.sh('vmsys session create --name kept; vmsys exec repl kept "let n = 41"');
  t.match(await machine.connect(t).call('system.info'), { activation: 'direct' });
  t.match(await machine.sh('vmsys service install'), 'the service answers');
  t.match(await machine.connect(t).call('system.info'), { activation: 'systemd' });
  t.equal(await machine.sh('vmsys exec repl kept ++n'), '42');
});

t.test('done again, nothing is left to do', { skip }, async (t) => {
  const before = await service.show('MainPID');
  t.match(await machine.sh('vmsys service install'), 'Everything is as it should be.');
  t.equal(await service.show('MainPID'), before, 'and the daemon was left alone');
});

t.test('a shell that knows little of the session finds the service all the same', { skip }, async (t) => {
  const stale = 'DBUS_SESSION_BUS_ADDRESS=unix:path=/gone';
  t.match(await machine.sh(`${stale} vmsys service install`), 'Everything is as it should be.');
  t.match(await machine.sh(`${stale} vmsys service doctor`), /sandbox: on/);
  const cron = 'env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS';
  t.match(await machine.sh(`${cron} vmsys system info`), /^activation +systemd$/m, 'as cron and su have it');
});

t.test('status and doctor find it well', { skip }, async (t) => {
  const status = JSON.parse(await machine.sh('vmsys service status --json')) as unknown; // compared below
  t.match(status, { installed: true, socket: { active: 'active', enabled: 'enabled' }, sandbox: 'on' });
  t.match(await machine.run('vmsys service doctor'), { status: 0, stdout: /Everything is as it should be/ });
  await service.systemctl('stop', 'vmsysd.service');
  t.match(await machine.sh('vmsys service status'), /asleep/);
  t.equal(await service.show('ActiveState'), 'inactive', 'asking does not start it');
});

t.test('after the user’s manager began anew, as after a boot, it is there', { skip }, async (t) => {
  const manager = 'user@$(id -u tester).service';
  await machine.sh(`systemctl restart ${manager}`, { as: 'root' });
  await until('the socket', async () => (await machine.run(`test -S ${socketPath}`)).status === 0);
  t.equal(await machine.sh('vmsys exec repl kept n'), '42');
});

for (const place of [`${home}/src/vmsysd`, '/opt/vmsysd']) {
  t.test(`an installation in ${place} runs from there`, { skip }, async (t) => {
    await machine.sh(
      `mkdir -p ${place.split('/').slice(0, -1).join('/')}`,
      place.startsWith(home) ? {} : { as: 'root' },
    );
    await machine.sh(`mkdir ${place}; mount --bind ${installed} ${place}`, { as: 'root' });
    t.match(await machine.sh(`${place}/bin/vmsys.js service install`), 'the service answers');
    const pid = await service.untilRunning();
    t.match(await machine.sh(`tr '\\0' ' ' </proc/${pid}/cmdline`), `${place}/bin/vmsysd.js`);
    t.equal(await machine.sh('vmsys exec repl kept n'), '42');
    t.match(await machine.run(`${place}/bin/vmsys.js service doctor`), { status: 0 });
  });
}

t.test('uninstall takes away what was installed, and keeps the sessions', { skip }, async (t) => {
  await machine.sh('vmsys service install');
  await machine.sh('vmsys service uninstall');
  t.equal(await machine.sh(`find ${units} -type f -o -type l`), '');
  t.match(await machine.run(`test -e ${socketPath}`), { status: 1 });
  t.equal(await machine.sh('systemctl --user list-units --all --no-legend "vmsys*"'), '');
  t.equal(await machine.sh('vmsys exec repl kept n'), '42', 'the CLI starts a daemon of its own again');
  await machine.sh('vmsys system shutdown');
});

t.test('where users may make no user namespaces, it says what the sandbox lacks', { skip }, async (t) => {
  const { machine: strict } = await bootMachine(t, { userNamespaces: false });
  const { stdout, stderr } = await strict.run('vmsys service install');
  t.match(stdout, 'the service answers');
  t.match(stderr, /user namespaces/);
  t.match(await strict.sh('vmsys service status'), /reduced/);
  t.match(await strict.run('vmsys service doctor'), { status: 0, stdout: /user namespaces/ });
  t.equal(await strict.sh('vmsys eval 1+1'), '2');
});
