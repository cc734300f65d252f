// The service of a group on a machine that was just booted: root installs it, members use it, nobody else can.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import t from 'tap';
import { bootMachine } from '../fixtures/systemd.js';

t.setTimeout(120_000); // some five starts of the service
const { machine, skip } = await bootMachine(t);
const scope = '--system --group developers';
const socket = '/run/vmsys/developers/vmsysd.sock';
const root = { as: 'root' } as const;
/** As a login would make them: the machine's users have no groups beside their own. */
const asUser = (uid: string, command: string) =>
  machine.run(
    `export VMSYS_SOCKET=${socket}; setpriv --reuid $(id -u ${uid}) --regid $(id -g ${uid}) --init-groups ${command}`,
    root,
  );
const asMember = (command: string) => asUser('tester', command);
const asStranger = (command: string) => asUser('stranger', command);

t.test('root installs it, and a member is told what to do where it is missing', { skip }, async (t) => {
  await machine.sh("echo 'developers:x:990:tester' >>/etc/group", root);
  t.match(await asMember('vmsys eval 1+1'), {
    status: 4,
    stderr: /"sudo vmsys service doctor --system --group developers" looks for the reason/,
  });
  t.match(await machine.sh(`vmsys service install ${scope}`, root), 'the service answers');
  t.equal(await machine.sh(`stat -c '%a %U %G' ${socket}`, root), '660 root developers');
});

t.test('members are served, and what they made outlives a restart', { skip }, async (t) => {
  await asMember('vmsys session create --name shared');
  t.match(await asMember("vmsys exec repl shared 'let n = 41'"), { status: 0 });
  await machine.sh('systemctl restart vmsysd@developers.service', root);
  t.match(await asMember('vmsys exec repl shared ++n'), { status: 0, stdout: /^42$/m });
  t.match(await machine.sh('ls /var/lib/private/vmsys/developers', root), 'vmsys.db');
});

t.test('strangers and root are refused, even where the socket is open to all', { skip }, async (t) => {
  t.match(await asStranger('vmsys eval 1+1'), { status: 4, stderr: /permission denied/ });
  t.match(await asStranger(`vmsys service doctor ${scope}`), {
    status: 1,
    stdout: /no member of developers/,
  });
  await machine.sh(`chmod 666 ${socket}`, root);
  for (const user of ['stranger', 'root']) {
    const { status, stdout } = await asUser(user, 'vmsys eval 1+1');
    t.match({ status, stdout }, { status: 4, stdout: '' }, user);
  }
  t.match(await machine.sh('journalctl -u vmsysd@developers', root), 'another user was refused');
  await machine.sh(`chmod 660 ${socket}`, root);
});

t.test('the doctor finds it well, and it goes when its group is gone', { skip }, async (t) => {
  t.match(await machine.run(`vmsys service doctor ${scope}`, root), { status: 0 });
  await machine.sh(`chgrp root ${socket}`, root);
  t.match(await machine.run(`vmsys service doctor ${scope}`, root), {
    status: 1,
    stdout: /belongs to group 0, expected 990 .*\n {4}systemctl restart vmsysd@developers\.socket/,
  });
  await machine.sh('systemctl restart vmsysd@developers.socket', root);
  t.match(await machine.run(`vmsys service doctor ${scope}`, root), { status: 0 });
  await machine.sh("sed -i '/^developers:/d' /etc/group", root);
  await machine.sh(`vmsys service uninstall ${scope}`, root);
  t.equal(await machine.sh('find /etc/systemd/system /run/vmsys -name "vmsys*@*" -o -type s', root), '');
});
