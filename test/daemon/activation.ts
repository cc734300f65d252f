// The daemon behind a socket that it inherits: started by a connection, gone when idle, and no call is lost between.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { connect } from '#src/rpc/client.js';
import { startDaemon } from '../fixtures/daemon.js';
import { connectLines } from '../fixtures/line-client.js';
import { holdSocket, noHolder } from '../fixtures/socket-holder.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const noActivator =
  spawnSync('systemd-socket-activate', ['--version']).status === 0
    ? false
    : 'systemd-socket-activate is missing';

t.test('a socket that systemd made is taken', { skip: noActivator }, async (t) => {
  const home = tempFolder(t);
  const path = join(home, 's');
  const program = join(import.meta.dirname, '../../bin/vmsysd.js');
  const child = spawn('systemd-socket-activate', ['-l', path, '--fdname=rpc', process.execPath, program], {
    env: { PATH: process.env['PATH'] ?? '', HOME: home },
    stdio: 'ignore',
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const client = await until('the socket', () => connectLines(path).catch(() => undefined));
  t.match(await client.call('system.info'), { activation: 'systemd', socketPath: path, pid: child.pid });
  client.close();
  child.kill('SIGTERM');
  t.equal(await exited, 0);
  t.ok(existsSync(path), 'the file is systemd’s to remove');
});

t.test('started by hand it says so, and makes the socket itself', async (t) => {
  const daemon = await startDaemon(t);
  t.match(await daemon.call('system.info'), { activation: 'direct', log: { kind: 'stderr' } });
  t.equal(lstatSync(daemon.socketPath).mode & 0o777, 0o600);
});

t.test(
  'a connection starts it, the full queue is kept, and nothing of systemd’s is passed on',
  { skip: noHolder },
  async (t) => {
    const held = await holdSocket(t);
    t.equal(held.started.length, 0);
    const client = await connectLines(held.socketPath);
    t.teardown(() => client.close());
    t.match(await client.call('system.info'), { activation: 'systemd', socketPath: held.socketPath });
    const [pid] = held.started;
    // Of a listening socket ss(8) shows the bound of its queue as Send-Q.
    if (spawnSync('ss', ['-V']).status === 0) {
      const line = execFileSync('ss', ['-lxn'], { encoding: 'utf8' })
        .split('\n')
        .find((text) => text.includes(held.socketPath));
      t.match(line, /LISTEN\s+\d+\s+4096\s/);
    }
    await client.call('template.create', {
      name: 'env',
      capabilities: ['LISTEN_FDS', 'LISTEN_PID', 'HOME'].map((name) => ({ kind: 'env', name })),
    });
    const { id: session } = await client.call<{ id: string }>('session.create', { template: 'env' });
    t.match(await client.call('exec.repl', { session, code: 'Object.keys(process.env)' }), {
      result: { json: ['HOME'] },
    });
    t.ok(existsSync(`/proc/${pid}/fd/3`));
  },
);

t.test(
  'with nobody there it leaves, and the next connection finds it and its sessions again',
  { skip: noHolder },
  async (t) => {
    const held = await holdSocket(t, { args: ['--idle-exit', '0.2'] });
    const first = await connect(held.socketPath);
    const { id: session } = await first.call('session.create', {});
    await first.call('exec.repl', { session, code: 'let n = 41' });
    await first.close();
    await until('the idle exit', () => held.exits.length === 1);
    t.strictSame(held.exits, [0]);
    t.match(held.stderr(), /"message":"stopping","reason":"idle"/);
    const second = await connect(held.socketPath);
    t.match(await second.call('exec.repl', { session, code: '++n' }), { result: { json: 42 } });
    await second.close();
    t.equal(held.started.length, 2);
  },
);

t.test(
  'a call without its client and a timer that is due soon hold it, a later one does not',
  { skip: noHolder },
  async (t) => {
    const held = await holdSocket(t, { args: ['--idle-exit', '0.3'] });
    const client = await connectLines(held.socketPath);
    const { id: session } = await client.call<{ id: string }>('session.create', {});
    await client.call('exec.repl', {
      session,
      code: 'let ticks = 0; setInterval(() => ticks++, 100); setTimeout(() => {}, 3600000); 0',
    });
    const slow =
      'await new Promise((done) => setTimeout(done, 1200)); clearInterval(1); var end = Date.now(); ticks';
    client.send('exec.repl', { session, code: slow });
    await until('the call to run', async () => {
      const other = await connectLines(held.socketPath);
      const { executions } = await other.call<{ executions: { running: number } }>('system.summary');
      other.close();
      return executions.running === 1;
    });
    client.close();
    await until('the idle exit', () => held.exits.length === 1);
    t.strictSame(held.exits, [0]);
    const next = await connectLines(held.socketPath);
    t.teardown(() => next.close());
    const { items } = await next.call<{ items: { status: string; result: { json: number } }[] }>(
      'exec.list',
      { session },
    );
    t.match(items[0], { status: 'ok' });
    t.ok((items[0]?.result.json ?? 0) >= 10);
  },
);

t.test('over many ends of the daemon no call is lost', { skip: noHolder }, async (t) => {
  const held = await holdSocket(t, { args: ['--idle-exit', '0.1', '--log-level', 'warn'] });
  const setUp = await connect(held.socketPath);
  const sessions = await Promise.all([0, 1].map(async () => (await setUp.call('session.create', {})).id));
  await Promise.all(sessions.map((session) => setUp.call('exec.repl', { session, code: 'let n = 0' })));
  await setUp.close();
  let isOver = false;
  let answered = 0;
  const counts = sessions.map(async (session, index) => {
    let calls = 0;
    let client = await connect(held.socketPath);
    while (!isOver) {
      calls += 1;
      const { result } = await client.call('exec.repl', { session, code: '++n' });
      if (result?.json !== calls)
        throw new Error(`call ${calls} of session ${index} answered ${result?.preview}`);
      answered += 1;
      // One of them comes and goes, as a program that is started anew for each call.
      if (index === 0 || calls % 10 > 0) continue;
      await client.close();
      client = await connect(held.socketPath);
    }
    await client.close();
    return calls;
  });
  const failed = Promise.all(counts).then(
    () => undefined,
    (error: unknown) => error,
  );
  for (let round = 1; round <= 12; round += 1) {
    const { length } = held.started;
    const before = answered;
    await Promise.race([failed, until('some calls', () => answered > before + 5)]);
    held.signal('SIGTERM');
    const outcome = await Promise.race([
      failed,
      until('the next daemon', () => held.started.length > length),
    ]);
    if (outcome instanceof Error) throw outcome;
  }
  isOver = true;
  const calls = await Promise.all(counts);
  await until('the idle exit', () => held.exits.length === held.started.length);
  t.ok(
    held.exits.every((status) => status === 0),
    `they ended with ${held.exits.join(', ')}`,
  );
  const last = await connect(held.socketPath);
  t.teardown(() => last.close());
  for (const [index, session] of sessions.entries()) {
    t.match(await last.call('exec.repl', { session, code: 'n' }), { result: { json: calls[index] } });
  }
});

t.test(
  'while another daemon has the database, clients are told, and then served',
  { skip: noHolder },
  async (t) => {
    const owner = await startDaemon(t);
    const held = await holdSocket(t, { home: owner.home });
    const refused = await connectLines(held.socketPath);
    const told = await refused.reply(null);
    t.match(told, { error: { data: { code: 'OVERLOADED' } } });
    t.match(told.error?.message, new RegExp(`another vmsysd \\(pid ${owner.child.pid}.*${owner.socketPath}`));
    await until('the end of the connection', () => refused.closed);
    t.match(await owner.stop(), { code: 0 });
    const info = await until('the daemon to have the database', async () => {
      const client = await connectLines(held.socketPath);
      const reply = await Promise.race([client.reply(client.send('system.info')), client.reply(null)]).catch(
        () => undefined,
      );
      client.close();
      return reply?.result;
    });
    t.match(info, { activation: 'systemd', pid: held.started[0] });
    t.equal(held.started.length, 1, 'it has not been started again and again');
  },
);

t.test(
  'a start that fails tells every client why, and is not repeated at once',
  { skip: noHolder },
  async (t) => {
    const home = tempFolder(t);
    const config = join(home, 'c.json');
    const open = join(home, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const faults: [string, string, RegExp][] = [
      ['a word that the config file does not know', '{"logLevl": 1}', /c\.json does not fit:.*logLevl/s],
      ['a folder that others may write to', JSON.stringify({ stateDir: open }), /the state folder .*0777/],
    ];
    writeFileSync(config, '{');
    const held = await holdSocket(t, { home, args: ['--config', config] });
    for (const [what, text, message] of faults) {
      writeFileSync(config, text);
      const before = held.started.length;
      for (const _ of [1, 2]) {
        const refused = await connectLines(held.socketPath);
        t.match(await refused.reply(null), { error: { data: { code: 'OVERLOADED' }, message } }, what);
        await until('the end of the connection', () => refused.closed);
      }
      t.equal(held.started.length, before + 1, 'one process told them all');
      held.signal('SIGKILL');
      await until('its end', () => held.exits.length === held.started.length);
    }
    writeFileSync(config, '{}');
    const client = await connect(held.socketPath);
    t.teardown(() => client.close());
    t.match(await client.call('system.info', {}), { activation: 'systemd' });
  },
);

t.test('sockets that are not for it are ignored', async (t) => {
  const nobodys = await startDaemon(t, { env: { LISTEN_FDS: '2', LISTEN_FDNAMES: 'a:b' } });
  t.match(await nobodys.call('system.info'), { activation: 'direct' });
  t.match(nobodys.stderr(), /the inherited socket was ignored: .*no LISTEN_PID/);
  const other = await startDaemon(t, { env: { LISTEN_FDS: '1', LISTEN_PID: '1' } });
  t.match(await other.call('system.info'), { activation: 'direct' });
  t.match(other.stderr(), /the inherited socket was ignored: LISTEN_PID is 1/);
});

t.test('SIGHUP and system.reload read the config again', async (t) => {
  const home = tempFolder(t);
  const config = join(home, 'c.json');
  writeFileSync(config, '{}');
  const daemon = await startDaemon(t, { home, args: ['--config', config] });
  writeFileSync(config, '{"logLevel": "debug", "maxLiveSessions": 3, "history": {"maxExecutions": 5}}');
  t.strictSame(await daemon.call('system.reload'), {
    applied: ['logLevel', 'history'],
    needRestart: ['maxLiveSessions'],
  });
  await until('debug lines', () => daemon.stderr().includes('"level":"debug"'));
  writeFileSync(config, '{"logLevl": 1}');
  daemon.child.kill('SIGHUP');
  await until('the complaint', () => /settings stay as they are.*logLevl/.test(daemon.stderr()));
  await t.rejects(daemon.call('system.reload'), { code: 'VALIDATION_ERROR', message: /logLevl/ });
  writeFileSync(config, '{"idleExitMs": 100}');
  daemon.child.kill('SIGHUP');
  await until('the change', () => daemon.stderr().includes('idleExitMs'));
  t.match(await daemon.call('system.health'), { status: 'ok' });
});
