// The daemon as a service of its user: started by a connection or by name, on a socket that stays systemd's.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { runtimeDir, socketPath } from '../fixtures/systemd.js';
import { installService } from '../fixtures/systemd-service.js';
import { until } from '../fixtures/until.js';

const { service, skip } = await installService(t);
const { machine } = service;
const modeOf = (path: string): string => (statSync(machine.path(path)).mode & 0o777).toString(8);
const sleep = async (): Promise<void> => {
  await service.systemctl('stop', 'vmsysd.service');
  await service.untilAsleep();
};

t.test('a connection starts it, and gets its answer', { skip }, async (t) => {
  await sleep();
  const client = machine.connect(t);
  const info = await client.call('system.info');
  t.match(info, { activation: 'systemd', socketPath, pid: Number(await service.show('MainPID')) });
  const { id: session } = await client.call('session.create');
  t.match(await client.call('exec.repl', { session, code: '1+1' }), { status: 'ok', result: { json: 2 } });
});

t.test('"systemctl --user start vmsysd" starts it, and returns when it can answer', { skip }, async (t) => {
  await sleep();
  await service.systemctl('start', 'vmsysd');
  t.equal(await service.show('ActiveState'), 'active');
  t.match(await service.show('StatusText'), /session/, 'it says how many sessions live');
  t.match(await machine.connect(t).call('system.info'), { activation: 'systemd' });
});

t.test('the CLI finds it, and starts none of its own', { skip }, async (t) => {
  await sleep();
  t.equal(await machine.sh('vmsys eval 1+1'), '2');
  t.equal(await service.show('ActiveState'), 'active');
  t.equal(await machine.sh('pgrep -u tester -f [v]msysd.js | wc -l'), '1');
});

t.test(
  'the socket stays the same over stops, restarts and crashes, for its owner alone',
  { skip },
  async (t) => {
    const inode = statSync(machine.path(socketPath)).ino;
    for (const words of [
      ['restart', 'vmsysd'],
      ['stop', 'vmsysd.service'],
      ['start', 'vmsysd'],
      ['kill', '-s KILL', 'vmsysd'],
    ])
      await service.systemctl(...words);
    await machine.connect(t).call('system.health');
    t.equal(statSync(machine.path(socketPath)).ino, inode);
    t.equal(modeOf(socketPath), '600');
    t.equal(modeOf(dirname(socketPath)), '700');
  },
);

t.test('many clients that come at once while it sleeps are all answered', { skip }, async (t) => {
  await sleep();
  const load = `const { connect } = require('net');
    for (let at = 0; at < 600; at++) connect('${socketPath}', function () {
      this.end('{"jsonrpc":"2.0","id":1,"method":"system.health"}\\n');
    }).on('data', (text) => process.stdout.write(text)).on('error', (error) => console.log(error.message));`;
  const answers = (await machine.sh(`node -e '${load.replaceAll("'", "'\\''")}'`)).split('\n');
  const served = answers.filter((line) => line.includes('"ok"')).length;
  const refused = answers.filter((line) => line.includes('OVERLOADED')).length;
  t.equal(served + refused, 600, 'with an answer, or told that there are too many');
  t.ok(served >= 512, `${served} were served`);
});

t.test('another user is refused, even where somebody opened the modes', { skip }, async (t) => {
  await machine.connect(t).call('system.health');
  await machine.sh(`chmod 755 ${runtimeDir} ${dirname(socketPath)}; chmod 666 ${socketPath}`);
  t.teardown(() =>
    machine.sh(`chmod 700 ${runtimeDir} ${dirname(socketPath)}; chmod 600 ${socketPath}`).then(() => {}),
  );
  for (const who of ['stranger', 'root'] as const) {
    await service.systemctl('restart', 'vmsysd'); // it says at most every ten seconds that it refused somebody
    const client = machine.connect(t, socketPath, who);
    client.send('session.list');
    await until('the end of the connection', () => client.closed);
    t.strictSame(client.messages, [], `${who} gets nothing`);
    const pid = await service.show('MainPID');
    const said = (await service.journal()).filter(({ _PID }) => _PID === pid).map(({ MESSAGE }) => MESSAGE);
    t.match(said.join('\n'), 'a connection of another user was refused');
  }
  t.match(await machine.connect(t).call('system.health'), { status: 'ok' }, 'its user is served');
});

t.test('without its socket there is no daemon; started again, there is', { skip }, async (t) => {
  await service.systemctl('stop', 'vmsysd.socket');
  await service.untilAsleep();
  t.match(await machine.run(`test -e ${socketPath}`), { status: 1 });
  t.match(await machine.run('vmsys eval 1+1 --no-start'), { status: 4, stderr: /there is no such socket/ });
  t.equal(await machine.sh('vmsys eval 1+1'), '2', 'the CLI starts the socket');
  t.equal(await service.show('ActiveState', 'vmsysd.socket'), 'active');
});

t.test('a daemon that is started by hand beside it ends, and says who is there', { skip }, async (t) => {
  await service.systemctl('start', 'vmsysd');
  const pid = await service.show('MainPID');
  const { status, stderr } = await machine.run('timeout 20 vmsysd');
  t.not(status, 0);
  t.not(status, 124, 'it ended by itself');
  t.match(stderr, pid);
  t.match(await machine.connect(t).call('system.info'), { pid: Number(pid) });
});
