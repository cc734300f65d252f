// One daemon per socket and per database, however they come and go.
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { spawnDaemon, startDaemon } from '../fixtures/daemon.js';
import { connectLines } from '../fixtures/line-client.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

t.test('the socket of a killed daemon is replaced, and its sessions are there', async (t) => {
  const first = await startDaemon(t);
  const session = await first.call('session.create', { name: 'mine' });
  await first.kill();
  t.ok(lstatSync(first.socketPath).isSocket());
  const second = await startDaemon(t, { home: first.home });
  t.match(await second.call('session.get', { session: 'mine' }), { id: session['id'], status: 'ready' });
});

t.test('a second daemon for the same database says who has it, and exits 1', async (t) => {
  const first = await startDaemon(t);
  const other = join(first.home, 'run', 'vmsys', 'other.sock');
  const second = spawnDaemon(t, { home: first.home, args: ['--socket', other] });
  t.match(await second.exited, { code: 1 });
  t.match(second.stderr(), `pid ${first.child.pid}`);
  t.match(second.stderr(), first.socketPath);
  t.notOk(existsSync(other));
  t.match(await first.call('system.health'), { status: 'ok' });
});

t.test('a second daemon for the same socket says who has it, and exits 1', async (t) => {
  const first = await startDaemon(t);
  const stateDir = join(first.home, 'other');
  const second = spawnDaemon(t, { home: first.home, args: ['--state-dir', stateDir] });
  t.match(await second.exited, { code: 1 });
  t.match(second.stderr(), `pid ${first.child.pid}`);
  t.match(second.stderr(), first.socketPath);
  t.match(await first.call('system.health'), { status: 'ok' });
});

t.test('of two daemons that start at the same moment, one wins', async (t) => {
  const home = tempFolder(t);
  // Different databases: only the socket is between them.
  const both = ['a', 'b'].map((name) => spawnDaemon(t, { home, args: ['--state-dir', join(home, name)] }));
  const exits = both.map((daemon) => daemon.exited);
  const loser = await Promise.race(exits.map(async (exit, index) => ({ index, ...(await exit) })));
  t.equal(loser.code, 1);
  const winner = both[1 - loser.index];
  if (winner === undefined) return t.fail('there is a winner');
  const client = await until('the winner’s socket', () =>
    connectLines(winner.socketPath).catch(() => undefined),
  );
  t.teardown(() => client.close());
  t.match(await client.call('system.info'), { pid: winner.child.pid });
});

t.test('a daemon that starts while another stops waits for it', async (t) => {
  const first = await startDaemon(t);
  const { id } = await first.call('session.create', {});
  const client = await first.connect();
  const running = client.send('exec.repl', { session: id, code: 'for (;;) {}', timeoutMs: 700 });
  await until('the call to run', async () => {
    const { executions } = await first.call<{ executions: { running: number } }>('system.summary');
    return executions.running === 1;
  });
  first.child.kill('SIGTERM');
  await until('the socket to go', () => !existsSync(first.socketPath));
  const second = await startDaemon(t, { home: first.home });
  t.match(await client.reply(running), { result: { status: 'timeout' } });
  t.match(await second.call('session.get', { session: id }), { id, status: 'ready' });
});

t.test('a clean exit leaves no socket and no record, and a new start finds all in order', async (t) => {
  const first = await startDaemon(t);
  t.match(await first.stop(), { code: 0 });
  t.notOk(existsSync(first.socketPath));
  t.strictSame(readdirSync(dirname(first.socketPath)), ['vmsysd.sock.lock']);
  t.notOk(existsSync(join(first.stateDir, 'daemon.json')));
  const second = await startDaemon(t, { home: first.home });
  t.match(await second.call('system.health'), { status: 'ok' });
});
