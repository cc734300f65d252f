// The unmodified client of an editor: Content-Length framing, requests, notifications, cancellation, streams.
import { createConnection } from 'node:net';
import t, { type Test } from 'tap';
import {
  CancellationTokenSource,
  createMessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import type { Handlers } from '#src/rpc/server.js';
import { RpcError } from '#src/rpc/errors.js';
import { execution, executionId, serve, sessionId, stdout } from '../fixtures/rpc.js';

async function editor(t: Test, handlers: Partial<Handlers>) {
  const { socketPath } = await serve(t, handlers);
  const socket = createConnection(socketPath);
  const connection = createMessageConnection(
    new SocketMessageReader(socket),
    new SocketMessageWriter(socket),
  );
  t.teardown(() => {
    connection.dispose();
    socket.destroy();
  });
  connection.listen();
  return connection;
}

t.test('requests with and without params, many at once', async (t) => {
  const connection = await editor(t, {
    'system.health': () => ({ status: 'ok' }),
    'exec.repl': ({ code }) => execution(code),
  });
  t.strictSame(await connection.sendRequest('system.health'), { status: 'ok' });
  const codes = ['1', 'ünï', '😀'.repeat(10_000), '\n\r\n'];
  const results = await Promise.all(
    codes.map((code) => connection.sendRequest('exec.repl', { session: 'a', code })),
  );
  t.match(
    results,
    codes.map((preview) => ({ result: { preview } })),
  );
});

t.test('error replies carry the number and the name', async (t) => {
  const connection = await editor(t, {
    'session.get': () => {
      throw new RpcError('SESSION_NOT_FOUND', 'no session "a"');
    },
  });
  const error = await connection
    .sendRequest('session.get', { session: 'a' })
    .catch((reason: unknown) => reason);
  t.ok(error instanceof ResponseError);
  t.match(error, { code: 1002, message: 'no session "a"', data: { code: 'SESSION_NOT_FOUND' } });
});

t.test('events of a stream come before the reply, in order', async (t) => {
  const connection = await editor(t, {
    'exec.repl': async (_params, call) => {
      for (let seq = 1; seq <= 50; seq++) {
        call.connection.notify('exec.event', { executionId, sessionId, event: stdout(seq, `line ${seq}`) });
        if (seq % 10 === 0) await new Promise(setImmediate);
      }
      return execution('done');
    },
  });
  const seen: number[] = [];
  connection.onNotification('exec.event', ({ event }: { event: { seq: number } }) => {
    seen.push(event.seq);
  });
  await connection.sendRequest('exec.repl', { session: 'a', code: '1', stream: true });
  t.strictSame(
    seen,
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
});

t.test('its cancellation token cancels', async (t) => {
  const connection = await editor(t, {
    'exec.repl': (_params, call) =>
      new Promise((resolve) => {
        call.signal.addEventListener('abort', () => resolve(execution('stopped')));
        call.connection.notify('exec.event', { executionId, sessionId, event: stdout(1, 'it runs') });
      }),
  });
  const source = new CancellationTokenSource();
  connection.onNotification('exec.event', () => source.cancel());
  const call = connection.sendRequest('exec.repl', { session: 'a', code: 'for(;;);' }, source.token);
  const error = await call.catch((reason: unknown) => reason);
  t.match(error, { code: -32800, data: { code: 'REQUEST_CANCELLED' } });
});

t.test('a notification is carried out', async (t) => {
  let cancelled = '';
  const connection = await editor(t, {
    'system.health': () => ({ status: 'ok' }),
    'exec.cancel': ({ execution: id }) => {
      cancelled = id;
      return { cancelled: true };
    },
  });
  await connection.sendNotification('exec.cancel', { execution: 'exe_1' });
  await connection.sendRequest('system.health');
  t.equal(cancelled, 'exe_1');
});
