// The server at its socket: one reply for each request, whatever is asked and however.
import { createConnection } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { RpcError } from '../../src/rpc/errors.js';
import type { RequestRecord } from '../../src/rpc/server.js';
import { connectLines } from '../fixtures/line-client.js';
import { execution, gate, serve } from '../fixtures/rpc.js';
import { until } from '../fixtures/until.js';

const health = { 'system.health': () => ({ status: 'ok' }) as const };
const request = (id: unknown, method: string, params?: unknown) => ({ jsonrpc: '2.0', id, method, params });

t.test('a request is answered with its result', async (t) => {
  const { socketPath } = await serve(t, health);
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  t.strictSame(await client.call('system.health'), { status: 'ok' });
  t.strictSame(await client.call('system.health', {}), { status: 'ok' });
  t.strictSame(await client.call('system.health', null), { status: 'ok' }, 'Emacs writes no params as null');
});

t.test('the examples of the specification for what is no request', async (t) => {
  const { socketPath } = await serve(t, health);
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  const cases: [line: string, id: unknown, code: string][] = [
    ['{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', null, 'PARSE_ERROR'],
    ['{"jsonrpc": "2.0", "method": 1, "params": "bar"}', null, 'INVALID_REQUEST'],
    ['[]', null, 'INVALID_REQUEST'],
    ['[{"jsonrpc": "2.0", "method"', null, 'PARSE_ERROR'],
    ['{"jsonrpc":"1.0","id":7,"method":"system.health"}', 7, 'INVALID_REQUEST'],
    ['{"id":8,"method":"system.health"}', 8, 'INVALID_REQUEST'],
    ['{"jsonrpc":"2.0","id":{},"method":"system.health"}', null, 'INVALID_REQUEST'],
    ['{"jsonrpc":"2.0","id":true,"method":"system.health"}', null, 'INVALID_REQUEST'],
    ['{"jsonrpc":"2.0","id":9}', 9, 'INVALID_REQUEST'],
    ['{"jsonrpc":"2.0","id":10,"method":"system.health","params":5}', 10, 'INVALID_REQUEST'],
    ['{"jsonrpc":"2.0","id":11,"method":"nope"}', 11, 'METHOD_NOT_FOUND'],
    ['{"jsonrpc":"2.0","id":12,"method":"toString"}', 12, 'METHOD_NOT_FOUND'],
    ['{"jsonrpc":"2.0","id":13,"method":"$/setTrace"}', 13, 'METHOD_NOT_FOUND'],
    ['{"jsonrpc":"2.0","id":14,"method":"system.health","params":[1]}', 14, 'VALIDATION_ERROR'],
  ];
  for (const [line] of cases) client.raw(line);
  await until('all replies', () => client.messages.length === cases.length);
  const got = client.messages.map((message) => 'id' in message && [message.id, message.error?.data?.code]);
  // A request that reaches a method is answered a moment later.
  const byText = (values: unknown[]) => values.map((value) => JSON.stringify(value)).toSorted();
  t.strictSame(byText(got), byText(cases.map(([, id, code]) => [id, code])));
  t.strictSame(await client.call('system.health'), { status: 'ok' }, 'and the connection goes on');
});

t.test('text that is not UTF-8 is a parse error, not a changed program', async (t) => {
  const { socketPath } = await serve(t, health);
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  client.socket.write(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"\xff"}\n', 'latin1'));
  t.match(await client.reply(null), { error: { code: -32700, message: /UTF-8/ } });
});

t.test('ids are strings, numbers or null, and "1" is not 1', async (t) => {
  const { socketPath } = await serve(t, health);
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  const ids = [1, '1', null, '', 0, -1.5, 'long'.repeat(100)];
  for (const id of ids) client.raw(JSON.stringify(request(id, 'system.health')));
  await until('all replies', () => client.messages.length === ids.length);
  t.strictSame(
    client.messages.map((message) => 'id' in message && message.id),
    ids,
  );
});

t.test('a batch is answered by one array, notifications left out', async (t) => {
  const { socketPath } = await serve(t, health);
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  client.raw(JSON.stringify([request(1, 'system.health'), 1, { jsonrpc: '2.0', method: 'system.health' }]));
  client.raw(JSON.stringify([request(2, 'system.health')]));
  client.raw(JSON.stringify([{ jsonrpc: '2.0', method: 'system.health' }]));
  await until('both replies', () => client.messages.length === 2);
  t.match(client.messages, [
    [
      { id: 1, result: { status: 'ok' } },
      { id: null, error: { data: { code: 'INVALID_REQUEST' } } },
    ],
    [{ id: 2, result: { status: 'ok' } }],
  ]);
  await client.call('system.health');
  t.equal(client.messages.length, 3, 'a batch of notifications has no reply');
});

t.test('a batch over the bound is refused as a whole', async (t) => {
  const { socketPath } = await serve(t, health, { maxRequestsPerConnection: 3 });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  client.raw('[1,1,1,1]');
  t.match(await client.reply(null), { error: { code: 2004, data: { code: 'OVERLOADED' } } });
});

t.test('notifications are carried out and never answered', async (t) => {
  let ran = 0;
  const { socketPath } = await serve(t, {
    'system.health': () => {
      ran++;
      return { status: 'ok' };
    },
  });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  client.notify('system.health');
  client.notify('system.health', { wrong: 1 });
  client.notify('nope');
  client.notify('$/setTrace', { value: 'off' });
  await client.call('system.health');
  t.equal(ran, 2);
  t.equal(client.messages.length, 1);
});

t.test('params: every fault is named by its path', async (t) => {
  const { socketPath } = await serve(t, {});
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  const fault = async (method: string, params?: unknown) => {
    const { error } = await client.reply(client.send(method, params));
    t.equal(error?.code, -32602);
    return error?.data?.details?.['issues'];
  };
  t.match(await fault('exec.repl', { sesion: 'a', code: 1, timeoutMs: 0 }), [
    { path: 'session', message: 'missing, expected string' },
    { path: 'code', message: 'expected string, got number' },
    { path: 'timeoutMs' },
    { path: 'sesion', message: 'unknown param; did you mean "session"?' },
  ]);
  t.match(await fault('template.create', { name: 'a', limits: { cpuMs: 'x', nope: 1 }, startup: [5] }), [
    { path: 'limits.cpuMs' },
    { path: 'limits.nope', message: 'unknown param' },
    { path: 'startup.0', message: /fits none of/ },
  ]);
  t.match(await fault('exec.repl', ['s', '1']), [{ path: '', message: /by name/ }]);
  t.match(await fault('exec.repl'), [{ path: 'session' }, { path: 'code' }]);
  const many = await fault('template.create', { name: 'a', libraries: Array(256).fill(1) });
  t.equal(Array.isArray(many) && many.length, 100, 'a reply names at most 100');
});

t.test('a method that does not exist gets a hint', async (t) => {
  const { socketPath } = await serve(t, health);
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  const message = async (method: string) => (await client.reply(client.send(method))).error?.message;
  t.match(await message('system.helth'), /did you mean "system.health"/);
  t.match(await message('exec.runfile'), /did you mean "exec.runFile"/);
  t.notMatch(await message('quite.different'), /did you mean/);
  const giant = await message('x'.repeat(100_000));
  t.ok(giant !== undefined && giant.length < 200, 'a giant name is not repeated');
});

t.test('replies come when they are ready, not in order', async (t) => {
  const slow = gate();
  const { socketPath } = await serve(t, {
    ...health,
    'system.summary': async () => {
      await slow.promise;
      throw new RpcError('OVERLOADED', 'enough');
    },
  });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  const first = client.send('system.summary');
  await client.call('system.health');
  slow.open();
  t.match(await client.reply(first), {
    error: { code: 2004, message: 'enough', data: { code: 'OVERLOADED' } },
  });
});

t.test(
  'errors: those of the wire pass, known ones are mapped, the rest are INTERNAL and reported',
  async (t) => {
    const reported: unknown[] = [];
    class Known extends Error {}
    const { socketPath } = await serve(
      t,
      {
        'session.get': () => {
          throw new RpcError('SESSION_NOT_FOUND', 'no session "a"', { details: { session: 'a' } });
        },
        'session.close': async () => Promise.reject(new Known('known')),
        'session.delete': () => {
          throw new Error('secret path /root');
        },
        'rpc.discover': () => ({ big: 1n }),
      },
      {
        mapError: (error) =>
          error instanceof Known ? new RpcError('SESSION_BUSY', error.message) : undefined,
        onError: (error, context) => reported.push({ error, ...context }),
      },
    );
    const client = await connectLines(socketPath);
    t.teardown(() => client.close());
    const error = async (method: string, params: unknown) =>
      (await client.reply(client.send(method, params))).error;
    t.match(await error('session.get', { session: 'a' }), {
      code: 1002,
      data: { code: 'SESSION_NOT_FOUND', details: { session: 'a' } },
    });
    t.match(await error('session.close', { session: 'a' }), { code: 2002, message: 'known' });
    const internal = await error('session.delete', { session: 'a' });
    t.match(internal, { code: -32603, data: { code: 'INTERNAL' } });
    t.notMatch(internal?.message, /secret/);
    t.match(reported, [
      { error: { message: 'secret path /root' }, method: 'session.delete', connection: 1, id: 3 },
    ]);
    t.match(await error('rpc.discover', {}), { code: -32603 }, 'a result that is no JSON');
    t.equal(reported.length, 2);
  },
);

t.test('$/cancelRequest aborts the signal, and the reply says so once the handler is done', async (t) => {
  const done = gate();
  const { socketPath, server } = await serve(t, {
    ...health,
    'exec.repl': async (_params, call) => {
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      await done.promise;
      return execution('too late');
    },
  });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  const id = client.send('exec.repl', { session: 'a', code: '1' });
  client.notify('$/cancelRequest', { id: 999 });
  client.notify('$/cancelRequest', { id: String(id) });
  client.notify('$/cancelRequest');
  await client.call('system.health');
  t.equal(server.inFlight, 1, 'other ids cancel nothing');
  client.notify('$/cancelRequest', { id });
  await client.call('system.health');
  t.equal(server.inFlight, 1, 'the reply waits for the handler');
  done.open();
  t.match(await client.reply(id), { error: { code: -32800, data: { code: 'REQUEST_CANCELLED' } } });
  t.equal(client.messages.length, 3);
});

t.test('a handler may say itself what was cancelled', async (t) => {
  const { socketPath } = await serve(t, {
    'exec.repl': async (_params, call) => {
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      throw new RpcError('REQUEST_CANCELLED', 'stopped', { details: { executionId: 'exe_1' } });
    },
  });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  const id = client.send('exec.repl', { session: 'a', code: '1' });
  client.notify('$/cancelRequest', { id });
  t.match(await client.reply(id), {
    error: { message: 'stopped', data: { details: { executionId: 'exe_1' } } },
  });
});

t.test('an id that is in use is refused, and free again after its reply', async (t) => {
  const first = gate();
  const { socketPath } = await serve(t, {
    ...health,
    'system.shutdown': async () => {
      await first.promise;
      return {};
    },
  });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  client.raw(JSON.stringify(request(5, 'system.shutdown')));
  client.raw(JSON.stringify(request(5, 'system.health')));
  t.match(await client.reply(5), { error: { data: { code: 'INVALID_REQUEST' } } });
  first.open();
  await until('the reply to the first', () => client.messages.length === 2);
  client.raw(JSON.stringify(request(5, 'system.health')));
  await until('the third reply', () => client.messages.length === 3);
  t.match(client.messages.slice(1), [
    { id: 5, result: {} },
    { id: 5, result: { status: 'ok' } },
  ]);
});

t.test('requests over the bound of a connection are OVERLOADED, another connection is not', async (t) => {
  const all = gate();
  const { socketPath, server } = await serve(
    t,
    {
      ...health,
      'system.shutdown': async () => {
        await all.promise;
        return {};
      },
    },
    { maxRequestsPerConnection: 2 },
  );
  const [client, other] = [await connectLines(socketPath), await connectLines(socketPath)];
  t.teardown(() => [client, other].forEach((each) => each.close()));
  const ids = [client.send('system.shutdown'), client.send('system.shutdown')];
  t.match(await client.reply(client.send('system.health')), { error: { data: { code: 'OVERLOADED' } } });
  t.strictSame(await other.call('system.health'), { status: 'ok' });
  t.equal(server.inFlight, 2);
  all.open();
  for (const id of ids) t.match(await client.reply(id), { result: {} });
  t.strictSame(await client.call('system.health'), { status: 'ok' });
});

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

t.test('every request is recorded for the log, with its error', async (t) => {
  const records: RequestRecord[] = [];
  const { socketPath } = await serve(t, health, { onRequest: (record) => records.push(record) });
  const client = await connectLines(socketPath);
  t.teardown(() => client.close());
  await client.call('system.health');
  await client.reply(client.send('system.health', { a: 1 }));
  await client.reply(client.send('nope'));
  t.match(records, [
    { connection: 1, id: 1, method: 'system.health', ms: Number },
    { id: 2, error: { code: 'VALIDATION_ERROR' } },
    { id: 3, error: { code: 'METHOD_NOT_FOUND' } },
  ]);
});

t.test('one reply for each request, under any interleaving', async (t) => {
  const gates = new Map<string, () => void>();
  const { socketPath, server } = await serve(t, {
    'session.get': ({ session }, call) =>
      new Promise((_resolve, reject) => {
        const fail = (code: 'SESSION_NOT_FOUND' | 'REQUEST_CANCELLED') => () =>
          reject(new RpcError(code, session));
        gates.set(session, fail('SESSION_NOT_FOUND'));
        call.signal.addEventListener('abort', fail('REQUEST_CANCELLED'));
      }),
  });
  const plan = fc.array(
    fc.record({ cancel: fc.boolean(), order: fc.nat(), batched: fc.boolean(), cut: fc.nat() }),
    {
      minLength: 1,
      maxLength: 20,
    },
  );
  await fc.assert(
    fc.asyncProperty(plan, async (steps) => {
      gates.clear();
      const client = await connectLines(socketPath);
      const requests = steps.map((_, id) => request(id, 'session.get', { session: `s${id}` }));
      const batch = requests.filter((_, id) => steps[id]?.batched);
      const singles = requests.filter((_, id) => !steps[id]?.batched);
      const lines = [...singles, ...(batch.length > 0 ? [batch] : [])].map(
        (each) => `${JSON.stringify(each)}\n`,
      );
      const text = lines.join('');
      const cut = (steps[0]?.cut ?? 0) % text.length;
      client.socket.write(text.slice(0, cut));
      client.socket.write(text.slice(cut));
      await until('all requests', () => server.inFlight === steps.length);
      for (const [id, { cancel }] of [...steps.entries()].toSorted(([, a], [, b]) => a.order - b.order)) {
        if (cancel) client.notify('$/cancelRequest', { id });
        else gates.get(`s${id}`)?.();
      }
      await until(
        'the replies',
        () => server.inFlight === 0 && client.messages.flat().length >= steps.length,
      );
      client.close();
      await until('the end', () => server.connectionCount === 0);
      const replies = client.messages
        .flat()
        .map((message) => 'id' in message && [message.id, message.error?.code]);
      const expected = steps.map(({ cancel }, id) => [id, cancel ? -32800 : 1002]);
      const sorted = (pairs: unknown[]) => pairs.map((pair) => JSON.stringify(pair)).toSorted();
      return JSON.stringify(sorted(replies)) === JSON.stringify(sorted(expected));
    }),
    { numRuns: 40 },
  );
  t.pass();
});
