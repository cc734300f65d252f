// The client: results, errors, cancellation, and every way in which a socket can fail it.
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connect, ConnectionError, RpcError } from '#src/rpc/client.js';
import { connectFailed } from '#src/rpc/connection-error.js';
import { execution, executionId, gate, serve, sessionId, stdout } from '../fixtures/rpc.js';
import { tempFolder } from '../fixtures/temp.js';

/** A daemon of a kind: answers each connection as the test likes. */
async function impostor(t: Test, onConnection: (socket: Socket) => void): Promise<string> {
  const path = join(tempFolder(t), 's');
  const listener = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => listener.listen(path, resolve));
  t.teardown(() => listener.close());
  return path;
}

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );

t.test('calls are typed by the table and answered by the daemon', async (t) => {
  const { socketPath } = await serve(t, {
    'system.health': () => ({ status: 'ok' }),
    'exec.repl': ({ code }) => execution(code),
  });
  const client = await connect(socketPath);
  const health: { status: 'ok' } = await client.call('system.health', {});
  t.equal(health.status, 'ok');
  const results = await Promise.all(
    ['1', '2'].map((code) => client.call('exec.repl', { session: 'a', code })),
  );
  t.match(results, [{ result: { preview: '1' } }, { result: { preview: '2' } }]);
  await client.close();
  await client.closed;
});

t.test('an error reply rejects with its code, message and details', async (t) => {
  const { socketPath } = await serve(t, {
    'session.get': ({ session }) => {
      throw new RpcError('SESSION_NOT_FOUND', `no session "${session}"`, { details: { session } });
    },
  });
  const client = await connect(socketPath);
  t.teardown(() => client.close());
  const error = await reasonOf(client.call('session.get', { session: 'x' }));
  t.ok(error instanceof RpcError);
  t.match(error, { code: 'SESSION_NOT_FOUND', message: 'no session "x"', details: { session: 'x' } });
  t.match(await reasonOf(client.callRaw('nope', {})), { code: 'METHOD_NOT_FOUND' });
  t.match(await reasonOf(client.callRaw('session.get', 5)), { code: 'INVALID_REQUEST' });
});

t.test('errors of other servers keep what they say', async (t) => {
  const path = await impostor(t, (socket) => {
    socket.on('data', () => {
      socket.write('{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"what?"}}\n');
      socket.write(
        '{"jsonrpc":"2.0","id":2,"error":{"code":4711,"message":"new","data":{"code":"FUTURE"}}}\n',
      );
    });
  });
  const client = await connect(path);
  t.teardown(() => client.close());
  const [first, second] = [reasonOf(client.callRaw('a', {})), reasonOf(client.callRaw('b', {}))];
  t.match(await first, { code: 'METHOD_NOT_FOUND', message: 'what?' });
  t.match(await second, { code: 'INTERNAL', message: 'new' });
});

t.test('notifications reach the listeners until they are removed', async (t) => {
  const { socketPath, server } = await serve(t, {
    'exec.repl': (_params, call) => {
      call.connection.notify('exec.event', { executionId, sessionId, event: stdout(1, 'hello') });
      return execution('1');
    },
  });
  const client = await connect(socketPath);
  t.teardown(() => client.close());
  const seen: unknown[] = [];
  const stop = client.onNotification((name, params) => seen.push({ name, params }));
  await client.call('exec.repl', { session: 'a', code: '1', stream: true });
  t.match(seen, [{ name: 'exec.event', params: { event: { payload: { text: 'hello' } } } }]);
  stop();
  await client.call('exec.repl', { session: 'a', code: '1', stream: true });
  t.equal(seen.length, 1);
  t.equal(server.inFlight, 0);
});

t.test('an aborted call is cancelled at the daemon, and rejects when that is done', async (t) => {
  const running = gate();
  let isDone = false;
  const { socketPath } = await serve(t, {
    'exec.repl': (_params, call) =>
      new Promise((resolve) => {
        call.signal.addEventListener('abort', () => {
          isDone = true;
          resolve(execution('stopped'));
        });
        running.open();
      }),
  });
  const client = await connect(socketPath);
  t.teardown(() => client.close());
  const controller = new AbortController();
  const call = reasonOf(client.call('exec.repl', { session: 'a', code: '1' }, { signal: controller.signal }));
  await running.promise;
  controller.abort();
  t.match(await call, { code: 'REQUEST_CANCELLED' });
  t.equal(isDone, true);
  const late = reasonOf(client.call('exec.repl', { session: 'a', code: '1' }, { signal: controller.signal }));
  t.match(await late, { code: 'REQUEST_CANCELLED', message: /before it was sent/ });
});

t.test('a socket that is missing, refused or forbidden is told apart', async (t) => {
  const folder = tempFolder(t);
  const missing = await reasonOf(connect(join(folder, 'none')));
  t.ok(missing instanceof ConnectionError);
  t.match(missing, { kind: 'missing', message: /there is no such socket; vmsys starts a daemon/ });
  writeFileSync(join(folder, 'file'), '');
  t.match(await reasonOf(connect(join(folder, 'file', 's'))), { kind: 'missing' });
  t.match(await reasonOf(connect(join(folder, 'file'))), {
    kind: 'refused',
    message: /nothing listens there/,
  });
  t.match(await reasonOf(connect(join(folder, 'x'.repeat(200)))), { name: 'ConnectionError' });
  const { socketPath } = await serve(t, {});
  chmodSync(socketPath, 0o000);
  // The superuser may open anything: for it the mapping alone is tested.
  if (process.getuid?.() !== 0) t.match(await reasonOf(connect(socketPath)), { kind: 'forbidden' });
  const denied = Object.assign(new Error('connect EACCES'), { code: 'EACCES' });
  t.match(connectFailed('/s', denied), { kind: 'forbidden', message: /another user/, cause: denied });
  t.match(connectFailed('/s', Object.assign(new Error(''), { code: 'EAGAIN' })), { kind: 'refused' });
});

t.test('connecting can be given up', async (t) => {
  const reason = new Error('no patience');
  t.equal(await reasonOf(connect('/nowhere', { signal: AbortSignal.abort(reason) })), reason);
});

t.test('a connection that ends rejects every call as lost', async (t) => {
  const { socketPath, server } = await serve(t, { 'exec.repl': () => new Promise(() => undefined) });
  const client = await connect(socketPath);
  const calls = [1, 2].map(() => reasonOf(client.call('exec.repl', { session: 'a', code: '1' })));
  await server.close(0);
  for (const error of await Promise.all(calls)) {
    t.ok(error instanceof ConnectionError);
    t.match(error, { kind: 'lost', message: /the daemon closed it/ });
  }
  t.match(await reasonOf(client.call('system.health', {})), { kind: 'lost' }, 'a later call as well');
  await client.close();
});

t.test('close rejects what is not answered', async (t) => {
  const { socketPath } = await serve(t, { 'exec.repl': () => new Promise(() => undefined) });
  const client = await connect(socketPath);
  const call = reasonOf(client.call('exec.repl', { session: 'a', code: '1' }));
  await client.close();
  t.match(await call, { kind: 'lost', message: /this program closed it/ });
  await client.close();
});

t.test('an error about the connection itself is the reason for all its calls', async (t) => {
  const { socketPath } = await serve(t, {}, { maxMessageBytes: 1000 });
  const client = await connect(socketPath);
  const call = reasonOf(client.call('exec.repl', { session: 'a', code: 'x'.repeat(2_000_000) }));
  t.match(await call, { code: 'MESSAGE_TOO_LARGE' });
  await client.closed;
});

t.test('a server that speaks something else, or too much, is left', async (t) => {
  const answers = [
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '{"id":1}}\n',
    '[1]\n',
    '{"x":1}\n',
    `{"x":"${'x'.repeat(500)}`,
  ];
  for (const answer of answers) {
    const path = await impostor(t, (socket) => socket.on('data', () => socket.write(answer)));
    const client = await connect(path, { maxMessageBytes: 100 });
    const error = await reasonOf(client.call('system.health', {}));
    t.match(error, { kind: 'lost', message: /no vmsysd/ }, answer.slice(0, 20));
    await client.closed;
  }
});
