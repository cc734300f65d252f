// What a client may send and what comes back: requests, ids, batches, notifications, and what is none of them.
import fc from 'fast-check';
import t from 'tap';
import { parseMessage } from '#src/rpc/message.js';
import { connectLines } from '../fixtures/line-client.js';
import { serve } from '../fixtures/rpc.js';
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

t.test('whatever is sent, a message is requests and faults, never an exception', async (t) => {
  const member = fc.record(
    {
      jsonrpc: fc.oneof(fc.constant('2.0'), fc.jsonValue()),
      method: fc.oneof(fc.constant('system.health'), fc.jsonValue()),
      params: fc.jsonValue(),
      id: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const value = fc.oneof(member, fc.array(member), fc.jsonValue());
  const bytes = fc.oneof(
    value.map((each) => Buffer.from(JSON.stringify(each))),
    fc.uint8Array().map((each) => Buffer.from(each)),
  );
  fc.assert(
    fc.property(bytes, (each) => {
      const message = parseMessage(each, 4);
      const entries = message.kind === 'batch' ? message.entries : [message.entry];
      return entries.length > 0 && entries.every((entry) => 'request' in entry || entry.fault.message !== '');
    }),
    { numRuns: 500 },
  );
  t.pass();
});
