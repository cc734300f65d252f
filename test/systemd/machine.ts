// The throw-away machine itself: what is in it is real, and nothing of it stays behind.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import t from 'tap';
import { bootMachine, home, machineScript } from '../fixtures/systemd.js';
import { until } from '../fixtures/until.js';

const { machine, skip } = await bootMachine(t);

/** The machine that a run of the script made: processes in the cgroup that carries its number. */
const cgroupOf = (pid: number | undefined): string => {
  const mounted = /^.* - cgroup2 .*$/m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[0].split(' ')[4];
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  return `${mounted}${own === '/' ? '' : own}/vmsys-test.${pid}`;
};
const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');
const processesIn = (namespace: string): string[] =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/ns/pid`) === namespace;
    } catch {
      return false; // it ended meanwhile
    }
  });

t.test('an ordinary user has a manager of their own, which lingers', { skip }, async (t) => {
  t.equal(await machine.sh('id -un'), 'tester');
  t.equal(await machine.sh('systemctl --user is-system-running'), 'running');
  t.equal(await machine.sh('systemctl is-system-running'), 'running');
  t.equal(await machine.sh('loginctl show-user tester --property=Linger --value'), 'yes');
});

t.test('what a unit of theirs prints is in the journal that they can read', { skip }, async (t) => {
  await machine.sh('systemd-run --user --wait --quiet --unit=says echo hello');
  await until('the line', async () =>
    (await machine.sh('journalctl --user --unit=says --output=cat')).includes('hello'),
  );
  t.pass();
});

t.test(
  'the host’s home, run and tmp are not there, and the host’s files do not change',
  { skip },
  async (t) => {
    t.equal(await machine.sh('find /home/tester /tmp/vm* -type f 2>/dev/null || true'), '');
    await machine.sh('touch /etc/changed /usr/local/bin/changed; rm /etc/hostname', { as: 'root' });
    await machine.sh(`touch /tmp/vmsys-changed ${home}/changed`);
    for (const path of ['/etc/changed', '/usr/local/bin/changed', '/tmp/vmsys-changed', home])
      t.notOk(existsSync(path), path);
    t.equal(existsSync('/etc/hostname'), true);
    t.notMatch(readFileSync('/etc/passwd', 'utf8'), 'tester');
  },
);

t.test('where there are no user namespaces, a service with them does not start', { skip }, async (t) => {
  const { machine: strict } = await bootMachine(t, { userNamespaces: false });
  const probe = 'systemd-run --user --wait --quiet --property=PrivateUsers=yes true';
  t.match(await strict.run(probe), { status: 217 });
  t.match(await machine.run(probe), { status: 0 });
});

t.test('a user cannot read a journal that is in memory only', { skip }, async (t) => {
  const { machine: volatile } = await bootMachine(t, { journal: 'volatile' });
  t.match(await volatile.run('journalctl --user'), { stdout: '', stderr: /No journal files were opened/ });
});

for (const how of ['its standard input ends', 'SIGTERM', 'SIGKILL'] as const) {
  t.test(`nothing stays behind when ${how} ends it`, { skip }, async (t) => {
    const before = mounts();
    const child = spawn('bash', [machineScript], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
    const first = String(line).trim().split(' ')[1] ?? '';
    const namespace = readlinkSync(`/proc/${first}/ns/pid`);
    t.ok(processesIn(namespace).length > 3, 'it runs');
    const exited = once(child, 'exit');
    if (how === 'its standard input ends') child.stdin.end();
    else child.kill(how);
    await exited;
    await until('the end of its processes', () => processesIn(namespace).length === 0);
    t.equal(mounts(), before);
    if (how === 'SIGKILL') spawnSync('bash', [machineScript, 'true']); // the next run removes the empty cgroup
    t.notOk(existsSync(cgroupOf(child.pid)), 'its cgroup is gone');
  });
}

t.test('without root it says so, and exits 77', { skip }, (t) => {
  const { status, stderr } = spawnSync(
    'setpriv',
    ['--reuid=65534', '--clear-groups', 'bash', '-c', readFileSync(machineScript, 'utf8'), machineScript],
    { encoding: 'utf8' },
  );
  t.match({ status, stderr }, { status: 77, stderr: 'systemd-machine: needs root, to make namespaces\n' });
  t.end();
});
