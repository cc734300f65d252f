// A reader that is slow, or does not read at all: what waits for it is bounded, and what it missed is named.
import { createConnection } from 'node:net';
import t from 'tap';
import type { ConnectionHandle, Handlers } from '#src/rpc/server.js';
import { connectLines, LineClient } from '../fixtures/line-client.js';
import { execution, executionId, gate, serve, sessionId, stdout } from '../fixtures/rpc.js';
import { until } from '../fixtures/until.js';

const maxOutboundBytes = 256 * 1024;
const text = 'x'.repeat(10_000);

/** A handler that gives its connection to the test and waits for the gate. */
function holding() {
  const end = gate();
  const connections: ConnectionHandle[] = [];
  const handlers: Partial<Handlers> = {
    'system.health': () => ({ status: 'ok' }),
    'exec.repl': async (_params, call) => {
      connections.push(call.connection);
      await end.promise;
      return execution('done');
    },
  };
  return { end, connections, handlers };
}

const connectionOf = (connections: ConnectionHandle[]) =>
  until('the connection', () => connections[0] ?? undefined);

t.test('a slow reader is told the first event it missed, then gets the next ones', async (t) => {
  const { end, connections, handlers } = holding();
  const { socketPath, server } = await serve(t, handlers, { maxOutboundBytes });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  const id = client.send('exec.repl', { session: 'a', code: '1', stream: true });
  const connection = await connectionOf(connections);
  client.socket.pause();
  const total = 2000;
  let highest = 0;
  for (let seq = 1; seq <= total; seq++) {
    connection.notify('exec.event', { executionId, sessionId, event: stdout(seq, text) });
    if (seq % 100 === 0) await new Promise(setImmediate);
    highest = Math.max(highest, server.outboundBytes);
  }
  t.ok(
    highest > maxOutboundBytes && highest < maxOutboundBytes + 11_000,
    'over the bound by one event at most',
  );
  client.socket.resume();
  const missed = await until('the notice', () =>
    client.notifications.find(({ method }) => method === 'exec.missed'),
  );
  const before = client.notifications.filter(({ method }) => method === 'exec.event');
  t.strictSame(missed.params, { executionId, sessionId, firstSeq: before.length + 1 });
  t.match(before.at(-1), { params: { event: { seq: before.length } } }, 'all events before it came');
  connection.notify('exec.event', { executionId, sessionId, event: stdout(total + 1, 'after') });
  end.open();
  t.match(await client.reply(id), { result: { status: 'ok' } });
  t.match(client.notifications.at(-1), { method: 'exec.event', params: { event: { seq: total + 1 } } });
  t.equal(client.notifications.length, before.length + 2, 'one notice, one event after it');
});

t.test('each execution has its own notice, a session its latest state', async (t) => {
  const { end, connections, handlers } = holding();
  const { socketPath, server } = await serve(t, handlers, { maxOutboundBytes });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  client.send('exec.repl', { session: 'a', code: '1' });
  const connection = await connectionOf(connections);
  client.socket.pause();
  const fill = (seq: number) =>
    connection.notify('exec.event', { executionId, sessionId, event: stdout(seq, text) });
  for (let seq = 1; server.outboundBytes <= maxOutboundBytes; seq++) {
    fill(seq);
    await new Promise(setImmediate);
  }
  const other = 'exe_zzzzzzzzzzzzzzzz';
  for (let seq = 5; seq < 8; seq++) {
    connection.notify('exec.event', { executionId: other, sessionId, event: stdout(seq, '') });
  }
  for (const status of ['starting', 'ready', 'closed'] as const) {
    connection.notify('session.changed', {
      session: {
        id: sessionId,
        templateId: 'tpl_0123456789abcdef',
        templateVersion: 1,
        libraries: [],
        status,
        residency: 'none',
        storedBytes: 0,
        createdAt: '2026-01-01T00:00:00.000Z',
        lastUsedAt: '2026-01-01T00:00:00.000Z',
      },
    });
  }
  client.socket.resume();
  await until('the latest state', () =>
    client.notifications.some(({ method }) => method === 'session.changed'),
  );
  t.match(
    client.notifications.filter(
      ({ method, params }) => method !== 'exec.event' || params['executionId'] === other,
    ),
    [
      { method: 'exec.missed', params: { executionId: other, firstSeq: 5 } },
      { method: 'session.changed', params: { session: { status: 'closed' } } },
    ],
  );
  end.open();
});

t.test('a client that asks and never reads is read from no more', async (t) => {
  let asked = 0;
  const { socketPath, server } = await serve(
    t,
    {
      'exec.get': () => {
        asked++;
        return execution('y'.repeat(100_000));
      },
      'system.health': () => ({ status: 'ok' }),
    },
    { maxOutboundBytes, maxRequestsPerConnection: 8 },
  );
  const greedy = createConnection(socketPath).pause();
  greedy.on('error', () => undefined);
  t.teardown(() => greedy.destroy());
  const line = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'exec.get', params: { execution: 'e' } })}\n`;
  let sent = 0;
  // Written one by one until the pipe is full: then the server has stopped reading.
  while (greedy.writableLength < 1_000_000 && sent < 200_000) {
    greedy.write(line);
    sent++;
    if (sent % 100 === 0) await new Promise(setImmediate);
  }
  t.ok(greedy.writableLength >= 1_000_000, 'the client cannot write any more');
  t.ok(asked < sent / 2, `${asked} of ${sent} requests were read`);
  // The bound, and the replies of one chunk of requests that was read already.
  t.ok(server.outboundBytes < 10 * 1024 * 1024, `${server.outboundBytes} bytes wait`);
  const other = await connectLines(socketPath);
  t.teardown(() => other.close());
  t.strictSame(await other.call('system.health'), { status: 'ok' }, 'another client is served');
  const before = asked;
  const reader = new LineClient(greedy);
  greedy.resume();
  await until('all replies', () => reader.messages.length === sent);
  t.ok(asked > before, 'once it reads, it is served on');
});

t.test('a client that misses thousands of executions is cut off', async (t) => {
  const { end, connections, handlers } = holding();
  const faults: unknown[] = [];
  const { socketPath, server } = await serve(t, handlers, {
    maxOutboundBytes,
    onError: (error) => faults.push(error),
  });
  const client = await connectLines(socketPath);
  client.send('exec.repl', { session: 'a', code: '1' });
  const connection = await connectionOf(connections);
  client.socket.pause();
  for (let n = 0; !connection.closed.aborted && n < 10_000; n++) {
    const id = `exe_${String(n).padStart(16, '0')}` as const;
    connection.notify('exec.event', { executionId: id, sessionId, event: stdout(1, text) });
    if (n % 100 === 0) await new Promise(setImmediate);
  }
  t.equal(server.connectionCount, 0);
  t.match(faults, [{ code: 'OVERLOADED', message: /does not read/ }]);
  end.open();
  client.close();
});

t.test('notifications reach every connection, and none that is closed', async (t) => {
  const { connections, end, handlers } = holding();
  const { socketPath, server } = await serve(t, handlers);
  const [one, two] = [await connectLines(socketPath), await connectLines(socketPath)];
  t.teardown(() => one.close());
  await one.call('system.health');
  await two.call('system.health');
  const missed = { executionId, sessionId, firstSeq: 3 } as const;
  server.notifyAll('exec.missed', missed);
  for (const client of [one, two]) await until('the notice', () => client.notifications.length === 1);
  two.send('exec.repl', { session: 'a', code: '1' });
  const connection = await connectionOf(connections);
  two.close();
  await until('the end of the second', () => connection.closed.aborted);
  connection.notify('exec.missed', missed);
  server.notifyAll('exec.missed', missed);
  await until('the second notice', () => one.notifications.length === 2);
  end.open();
});
