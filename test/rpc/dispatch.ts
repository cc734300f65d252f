// From params to a reply: what is wrong with them, methods that do not exist, and what handlers throw.
import t from 'tap';
import { RpcError } from '#src/rpc/errors.js';
import type { RequestRecord } from '#src/rpc/server.js';
import { connectLines } from '../fixtures/line-client.js';
import { gate, serve } from '../fixtures/rpc.js';

const health = { 'system.health': () => ({ status: 'ok' }) as const };

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
  const deep = `{"template":"t","kind":"module","name":"fs","config":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}`;
  client.raw(`{"jsonrpc":"2.0","id":"deep","method":"template.addCapability","params":${deep}}`);
  t.match(await client.reply('deep'), {
    error: { data: { details: { issues: [{ message: /too deeply/ }] } } },
  });
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
