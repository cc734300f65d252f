// Connections come, break the rules, vanish, are too many, and are closed: none costs another anything.
import { createConnection } from 'node:net';
import t from 'tap';
import { connectLines } from '../fixtures/line-client.js';
import { gate, serve } from '../fixtures/rpc.js';
import { until } from '../fixtures/until.js';

const health = { 'system.health': () => ({ status: 'ok' }) as const };

t.test('the one connection too many is told so and closed', async (t) => {
  const { socketPath, server } = await serve(t, health, { maxConnections: 1 });
  const first = await connectLines(socketPath);
  t.teardown(() => first.close());
  await first.call('system.health');
  const second = await connectLines(socketPath);
  second.send('system.health');
  t.match(await second.reply(null), { error: { data: { code: 'OVERLOADED' } } });
  await until('the second connection to close', () => second.closed);
  t.equal(server.connectionCount, 1);
  t.strictSame(await first.call('system.health'), { status: 'ok' });
  first.close();
  await until('room for another', () => server.connectionCount === 0);
  const third = await connectLines(socketPath);
  t.teardown(() => third.close());
  t.strictSame(await third.call('system.health'), { status: 'ok' });
});

t.test(
  'a client that ends its side after one line without line end gets its reply, then the end',
  async (t) => {
    const slow = gate();
    const { socketPath } = await serve(t, {
      'system.health': async () => {
        await slow.promise;
        return { status: 'ok' };
      },
    });
    const client = await connectLines(socketPath);
    client.socket.end('{"jsonrpc":"2.0","id":1,"method":"system.health"}');
    setImmediate(() => slow.open());
    t.match(await client.reply(1), { result: { status: 'ok' } });
    await until('the end', () => client.closed);
  },
);

t.test('a client that ends its side and stays is not taken for one that is gone', async (t) => {
  const slow = gate();
  let closed: AbortSignal | undefined;
  const { socketPath, server } = await serve(t, {
    'system.health': async (_params, { connection }) => {
      closed = connection.closed;
      await slow.promise;
      return { status: 'ok' };
    },
  });
  const client = await connectLines(socketPath);
  client.socket.end('{"jsonrpc":"2.0","id":1,"method":"system.health"}\n');
  await until('the request', () => closed !== undefined);
  // Two more connections come and go meanwhile: the server had time to notice the end of the first.
  for (let i = 0; i < 2; i++) (await connectLines(socketPath)).close();
  await until('the others to go', () => server.connectionCount === 1);
  t.equal(closed?.aborted, false);
  client.socket.destroy();
  await until('the client to be missed', () => closed?.aborted === true);
  t.equal(server.inFlight, 1, 'its request runs on');
  slow.open();
  await until('its end', () => server.inFlight === 0);
});

t.test('a client that vanishes in mid-call costs nobody anything, and its handlers can know', async (t) => {
  const slow = gate();
  const idle: boolean[] = [];
  let closed: AbortSignal | undefined;
  const { socketPath, server } = await serve(
    t,
    {
      ...health,
      'system.shutdown': async (_params, { connection }) => {
        closed = connection.closed;
        await slow.promise;
        connection.notify('exec.missed', { executionId: 'exe_1', sessionId: 'ses_1', firstSeq: 1 });
        return {};
      },
    },
    { onIdleChange: (isIdle) => idle.push(isIdle) },
  );
  const client = await connectLines(socketPath);
  client.send('system.shutdown');
  await until('the request', () => server.inFlight === 1);
  client.close();
  await until('the connection to go', () => server.connectionCount === 0);
  t.equal(closed?.aborted, true);
  t.strictSame(idle, [false], 'its request is still going on');
  slow.open();
  await until('its end', () => server.inFlight === 0);
  t.strictSame(idle, [false, true]);
  const next = await connectLines(socketPath);
  t.teardown(() => next.close());
  t.strictSame(await next.call('system.health'), { status: 'ok' });
});

t.test(
  'garbage, half a frame, a giant frame and a wrong length: an error where one can be given, then the end',
  async (t) => {
    const faults: unknown[] = [];
    const { socketPath, server } = await serve(t, health, {
      maxMessageBytes: 1000,
      onError: (error) => faults.push(error),
    });
    const good = await connectLines(socketPath);
    t.teardown(() => good.close());
    const cases: [bytes: string, code: RegExp][] = [
      ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', /PARSE_ERROR/],
      ['\x16\x03\x01\n', /PARSE_ERROR/],
      ['Content-Length: 2\r\n\r\n{}garbage\r\n', /PARSE_ERROR/],
      ['Content-Length: nonsense\r\n\r\n{}', /PARSE_ERROR/],
      ['Content-Length: 99999999999\r\n\r\n', /MESSAGE_TOO_LARGE/],
      [`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(2000)}`, /MESSAGE_TOO_LARGE/],
      [`[${'1'.repeat(2000)}\n`, /MESSAGE_TOO_LARGE/],
    ];
    for (const [bytes, code] of cases) t.match(await rawReply(socketPath, bytes), code, bytes.slice(0, 40));
    t.match(
      await rawReply(socketPath, 'Content-Length: 50\r\n\r\n{"jsonrpc"', true),
      /PARSE_ERROR/,
      'half a frame',
    );
    t.match(await rawReply(socketPath, '{"jsonrpc":"2.0","id":1,', true), /PARSE_ERROR/, 'half a line');
    t.strictSame(await good.call('system.health'), { status: 'ok' });
    await until('all of them to go', () => server.connectionCount === 1);
    t.equal(faults.length, cases.length + 1, 'each is told once');
  },
);

t.test('close waits for the replies of what was read, and for no more than its grace', async (t) => {
  const slow = gate();
  const never = gate();
  const { socketPath, server } = await serve(t, {
    'system.health': async () => {
      await slow.promise;
      return { status: 'ok' };
    },
    'system.shutdown': async () => {
      await never.promise;
      return {};
    },
  });
  const [quick, stuck, idle] = [
    await connectLines(socketPath),
    await connectLines(socketPath),
    await connectLines(socketPath),
  ];
  const id = quick.send('system.health');
  await until('the first request', () => server.inFlight === 1);
  const closing = server.close(60_000);
  t.equal(server.close(1), closing, 'it closes once');
  await until('the idle ones to end', () => idle.closed && stuck.closed);
  slow.open();
  t.match(await quick.reply(id), { result: { status: 'ok' } });
  await closing;
  const late = await connectLines(socketPath);
  await until('a late one to end', () => late.closed);

  const second = await serve(t, {
    'system.shutdown': async () => {
      await never.promise;
      return {};
    },
  });
  const client = await connectLines(second.socketPath);
  client.send('system.shutdown');
  await until('the request', () => second.server.inFlight === 1);
  await second.server.close(20);
  await until('the client to be cut off', () => client.closed);
});

/** Everything that the server says to these bytes until it closes. */
function rawReply(socketPath: string, bytes: string, end = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    if (end) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  });
}
