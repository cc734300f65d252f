// One client over many daemons: what it asked is answered, what was sent is not done twice, what it listens to goes on.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { connect, ConnectionError, RpcError } from '#src/rpc/client.js';
import { connectLines } from '../fixtures/line-client.js';
import { restarting } from '../fixtures/restarting.js';
import { execution, executionId, gate, sessionId, stdout } from '../fixtures/rpc.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
const repl = { session: 'a', code: '1' };

t.test('a daemon that leaves answers what it was asked, and the next one what comes then', async (t) => {
  const slow = gate();
  const daemon = await restarting(t, {
    'exec.repl': async ({ code }) => {
      if (code === 'slow') await slow.promise;
      return execution('first');
    },
  });
  const client = await connect(daemon.socketPath);
  t.teardown(() => client.close());
  const early = client.call('exec.repl', { session: 'a', code: 'slow' });
  await until('the call', () => daemon.server.inFlight === 1);
  const restarted = daemon.restart({ 'exec.repl': () => execution('second') });
  const late = until('an answer of the next one', async () => {
    const { result } = await client.call('exec.repl', repl);
    return result?.preview === 'second';
  });
  await until('a call to wait for the next one', () => daemon.waiting === 1);
  slow.open();
  t.match(await early, { result: { preview: 'first' } });
  t.ok(await late);
  await restarted;
});

t.test('a call that comes while the daemon leaves is answered, whoever sends it', async (t) => {
  const daemon = await restarting(t, { 'exec.repl': ({ code }) => execution(code) });
  const old = await connectLines(daemon.socketPath);
  t.teardown(() => old.close());
  await old.call('exec.repl', repl);
  const restarted = daemon.restart();
  await until('the request to leave', () => old.notifications.length > 0);
  t.match(old.notifications, [{ method: '$/goaway', params: {} }]);
  t.match(await old.call('exec.repl', repl), { result: { preview: '1' } }, 'one that does not know the word');
  await restarted;
  await until('the end of a connection that is quiet', () => old.closed);
});

t.test('a connection that said nothing yet is asked to leave in the framing that it speaks', async (t) => {
  const daemon = await restarting(t, { 'system.health': () => ({ status: 'ok' }) });
  const socket = connectSocket(daemon.socketPath);
  t.teardown(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await until('the connection', () => daemon.server.connectionCount === 1);
  const restarted = daemon.restart();
  const message = '{"jsonrpc":"2.0","id":1,"method":"system.health"}';
  socket.write(`Content-Length: ${message.length}\r\n\r\n${message}`);
  await until('the reply', () => text.includes('"status":"ok"'));
  t.match(
    text,
    /^Content-Length: \d+\r\n\r\n\{"jsonrpc":"2.0","method":"\$\/goaway","params":\{\}\}Content-Length/,
  );
  socket.end();
  await restarted;
});

t.test('over many restarts no call is lost and none is done twice', async (t) => {
  let done = 0;
  const daemon = await restarting(t, {
    'exec.repl': async ({ code }) => {
      done += 1;
      if (Number(code) % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      return execution(code);
    },
  });
  const clients = await Promise.all(Array.from({ length: 4 }, () => connect(daemon.socketPath)));
  t.teardown(async () => {
    for (const client of clients) await client.close();
  });
  let calls = 0;
  let isOver = false;
  const working = clients.map(async (client) => {
    while (!isOver) {
      calls += 1;
      const code = String(calls);
      t.equal((await client.call('exec.repl', { session: 'a', code })).result?.preview, code);
    }
  });
  for (let round = 0; round < 50; round += 1) {
    const before = calls;
    await until('some calls', () => calls > before + 10);
    await daemon.restart();
  }
  isOver = true;
  await Promise.all(working);
  t.equal(done, calls);
});

t.test('what was sent and is not idempotent is not repeated when its daemon dies', async (t) => {
  let runs = 0;
  const daemon = await restarting(t, {
    'exec.repl': () => {
      runs += 1;
      return new Promise(() => undefined);
    },
    'system.health': () => new Promise(() => undefined),
  });
  const client = await connect(daemon.socketPath);
  t.teardown(() => client.close());
  const [run, health] = [reasonOf(client.call('exec.repl', repl)), client.call('system.health', {})];
  await until('both calls', () => daemon.server.inFlight === 2);
  await daemon.kill({
    'system.health': () => ({ status: 'ok' }),
    'exec.repl': () => execution(String((runs += 1))),
  });
  t.match(await run, { kind: 'lost' });
  t.strictSame(await health, { status: 'ok' }, 'one that is idempotent is');
  t.equal(runs, 1);
  t.match(await client.call('exec.repl', repl), { result: { preview: '2' } }, 'a later call is a new one');
});

t.test('a call that is written as the daemon closes is unread, and made once by the next one', async (t) => {
  let runs = 0;
  const count = () => execution(String((runs += 1)));
  const daemon = await restarting(t, { 'exec.repl': count });
  const client = await connect(daemon.socketPath);
  t.teardown(() => client.close());
  await until('the connection', () => daemon.server.connectionCount === 1);
  const call = client.call('exec.repl', repl);
  // What the client does before it writes takes promises; the server reads only when the event loop goes on.
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  const next = daemon.kill();
  t.match(await call, { result: { preview: '1' } });
  await next;
});

t.test(
  'of the calls on a connection that was closed unread, only the last certainly did not run',
  async (t) => {
    const path = join(tempFolder(t), 's');
    const sockets: Socket[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => sockets.push(socket)).listen(path);
    t.teardown(() => void server.close());
    const client = await connect(path);
    t.teardown(() => client.close());
    const first = await until('the connection', () => sockets[0]);
    const [early, last] = [reasonOf(client.call('exec.repl', repl)), client.call('exec.repl', repl)];
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    first.destroy();
    t.match(await early, { kind: 'lost' });
    const second = await until('the next connection', () => sockets[1]);
    second
      .on('error', () => undefined)
      .end(`{"jsonrpc":"2.0","id":1,"result":${JSON.stringify(execution('2'))}}\n`);
    t.match(await last, { result: { preview: '2' } });
  },
);

t.test('a call that the daemon did not begin because it leaves goes to the next one', async (t) => {
  const leaving = () => {
    throw new RpcError('OVERLOADED', 'the daemon is shutting down', { details: { reason: 'leaving' } });
  };
  const full = () => {
    throw new RpcError('OVERLOADED', 'full');
  };
  const daemon = await restarting(t, { 'exec.repl': leaving });
  const client = await connect(daemon.socketPath);
  t.teardown(() => client.close());
  await client.call('system.health', {}).catch(() => undefined); // from now on it can be asked to leave
  const call = client.call('exec.repl', repl);
  const restarted = daemon.restart({ 'exec.repl': () => execution('next') });
  t.match(await call, { result: { preview: 'next' } });
  await restarted;
  await daemon.restart({ 'exec.repl': full });
  t.match(await reasonOf(client.call('exec.repl', repl)), { code: 'OVERLOADED', message: 'full' });
  await daemon.restart({ 'exec.repl': leaving });
  t.match(
    await reasonOf(client.call('exec.repl', repl)),
    { code: 'OVERLOADED', details: { reason: 'leaving' } },
    'one that only ever leaves is not asked for good',
  );
});

t.test('a connection that was lost while nothing was asked is made again by the next call', async (t) => {
  const daemon = await restarting(t, { 'exec.repl': () => execution('1') });
  const client = await connect(daemon.socketPath);
  t.teardown(() => client.close());
  await client.call('exec.repl', repl);
  await daemon.kill();
  t.equal(daemon.server.connectionCount, 0);
  t.match(await client.call('exec.repl', repl), { result: { preview: '1' } });
});

t.test('subscriptions are renewed, and keep their id', async (t) => {
  const subscribed: unknown[] = [];
  const unsubscribed: unknown[] = [];
  let last = 0;
  const daemon = await restarting(t, {
    'events.subscribe': (params) => {
      subscribed.push(params);
      return { subscription: `sub_${(last += 1)}` };
    },
    'events.unsubscribe': ({ subscription }) => {
      unsubscribed.push(subscription);
      return {};
    },
  });
  const client = await connect(daemon.socketPath);
  t.teardown(() => client.close());
  const told: string[] = [];
  let reconnected = 0;
  client.onNotification((name) => told.push(name));
  client.onReconnect(() => (reconnected += 1));
  const { subscription } = await client.call('events.subscribe', { topics: ['session'] });
  await daemon.restart();
  await until('the renewal', () => reconnected === 1);
  t.strictSame(subscribed, [{ topics: ['session'] }, { topics: ['session'] }]);
  daemon.server.notifyAll('exec.event', { executionId, sessionId, event: stdout(1, 'x') });
  await until('a notification of the next daemon', () => told.length === 1);
  await daemon.kill();
  await until('the renewal after a daemon that died', () => reconnected === 2);
  await client.call('events.unsubscribe', { subscription });
  t.strictSame(unsubscribed, ['sub_3']);
  await daemon.restart();
  await until('the connection to go', () => daemon.server.connectionCount === 0);
  t.equal(reconnected, 2, 'who listens to nothing waits for the next call');
});

t.test('where no daemon comes after one, the client is over', async (t) => {
  const slow = gate();
  const daemon = await restarting(t, {
    'events.subscribe': () => ({ subscription: 'sub_1' }),
    'exec.repl': async () => {
      await slow.promise;
      return execution('late');
    },
  });
  const client = await connect(daemon.socketPath);
  await client.call('events.subscribe', { topics: ['session'] });
  const running = client.call('exec.repl', repl);
  await until('the call', () => daemon.server.inFlight === 1);
  const ended = daemon.end();
  const later = await until('a call that finds nobody', async () => {
    const error = await reasonOf(client.call('system.health', {}));
    return error instanceof ConnectionError && error;
  });
  t.match(later, { kind: 'missing' });
  slow.open();
  t.match(await running, { result: { preview: 'late' } }, 'what was asked before is answered even so');
  await client.closed;
  await ended;
  t.match(await reasonOf(client.call('system.health', {})), { kind: 'missing' });
});

t.test('a call that waits for the next daemon can be cancelled, and closing ends the wait', async (t) => {
  const daemon = await restarting(t, { 'system.health': () => ({ status: 'ok' }) });
  const client = await connect(daemon.socketPath);
  await client.call('system.health', {});
  await daemon.end();
  const controller = new AbortController();
  const call = reasonOf(client.call('system.health', {}, { signal: controller.signal }));
  setImmediate(() => controller.abort());
  t.match(await call, { code: 'REQUEST_CANCELLED' });
  const other = reasonOf(client.call('system.health', {}));
  await client.close();
  t.match(await other, { kind: 'lost', message: /this program closed it/ });
});

t.test('while the queue is full, a client waits for its place', async (t) => {
  const path = join(tempFolder(t), 's');
  const source = `require('node:net').createServer((socket) => socket.on('data', () => socket.write(
    '{"jsonrpc":"2.0","id":1,"result":{"status":"ok"}}\\n'))).listen({ path: ${JSON.stringify(path)}, backlog: 1 },
    () => console.log('ready'))`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 8 }, () => connectSocket(path).on('error', () => undefined));
  t.teardown(() => fillers.forEach((socket) => socket.destroy()));
  await until('the queue to be full', () => fillers.some(({ destroyed }) => destroyed));
  const connecting = connect(path);
  let isEarly = true;
  setImmediate(() => {
    isEarly = false;
    child.kill('SIGCONT');
  });
  const client = await connecting;
  t.teardown(() => client.close());
  t.equal(isEarly, false);
  t.strictSame(await client.call('system.health', {}), { status: 'ok' });
});
