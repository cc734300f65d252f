// Requests that are not answered yet: cancelled, counted, and answered once under any interleaving.
import fc from 'fast-check';
import t from 'tap';
import { RpcError } from '#src/rpc/errors.js';
import { connectLines } from '../fixtures/line-client.js';
import { execution, gate, serve } from '../fixtures/rpc.js';
import { until } from '../fixtures/until.js';

const health = { 'system.health': () => ({ status: 'ok' }) as const };
const request = (id: unknown, method: string, params?: unknown) => ({ jsonrpc: '2.0', id, method, params });

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
