// What clients that are not ours meet on the real socket: socat, vscode-jsonrpc, and those that misbehave.
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import {
  CancellationTokenSource,
  createMessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import { startDaemon } from '../fixtures/daemon.js';
import { until } from '../fixtures/until.js';

function hasSocat(): boolean {
  try {
    execFileSync('socat', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

t.test(
  'one line by socat gets one line',
  { skip: hasSocat() ? false : 'socat is not installed' },
  async (t) => {
    const daemon = await startDaemon(t);
    const line = '{"jsonrpc":"2.0","id":1,"method":"system.health"}';
    for (const command of [
      `echo '${line}' | socat -t 20 - UNIX-CONNECT:${daemon.socketPath}`,
      `printf '%s' '${line}' | socat -t 20 - UNIX-CONNECT:${daemon.socketPath}`,
    ]) {
      const output = await new Promise<string>((resolve, reject) =>
        execFile('sh', ['-c', command], (error, stdout) => (error ? reject(error) : resolve(stdout))),
      );
      t.equal(output, '{"jsonrpc":"2.0","id":1,"result":{"status":"ok"}}\n');
    }
  },
);

t.test('the unmodified vscode-jsonrpc client calls, streams, cancels and reads errors', async (t) => {
  const daemon = await startDaemon(t);
  const socket = connect(daemon.socketPath);
  await once(socket, 'connect');
  const client = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
  t.teardown(() => {
    client.dispose();
    socket.destroy();
  });
  const printed: unknown[] = [];
  client.onNotification('exec.event', (params: unknown) => {
    printed.push(params);
  });
  client.listen();
  const { id: session } = await client.sendRequest<{ id: string }>('session.create', {});
  t.match(
    await client.sendRequest('exec.repl', { session, code: 'console.log("hi"); 6 * 7', stream: true }),
    {
      status: 'ok',
      result: { json: 42 },
    },
  );
  t.match(
    printed.filter((params) => JSON.stringify(params).includes('"console"')),
    [{ sessionId: session, event: { type: 'console', payload: { level: 'log', text: 'hi' } } }],
    'the event came before the reply, once',
  );
  await t.rejects(client.sendRequest('session.get', { session: 'none' }), {
    code: 1002,
    data: { code: 'SESSION_NOT_FOUND' },
  });

  const cancellation = new CancellationTokenSource();
  const running = client.sendRequest('exec.repl', { session, code: 'for (;;) {}' }, cancellation.token);
  await until('the call to run', async () => {
    const { executions } = await daemon.call<{ executions: { running: number } }>('system.summary');
    return executions.running === 1;
  });
  cancellation.cancel();
  const error = await running.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  t.ok(error instanceof ResponseError);
  t.match(error, { code: -32800, data: { code: 'REQUEST_CANCELLED', details: { executionId: /^exe_/ } } });
  const { executionId } = error instanceof ResponseError ? error.data.details : {};
  t.match(await client.sendRequest('exec.get', { execution: executionId }), { status: 'cancelled' });
});

t.test('garbage on one connection leaves another unharmed', async (t) => {
  const daemon = await startDaemon(t);
  const good = await daemon.connect();
  const { id: session } = await good.call('session.create', {});
  for (const bytes of [
    '\u0000\u0001\u0002garbage\r\n\r\n',
    'Content-Length: -1\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    '{"a":',
  ]) {
    const bad = connect(daemon.socketPath);
    bad.on('error', () => {});
    bad.resume();
    bad.end(bytes);
    await once(bad, 'close');
    t.match(
      await good.call('exec.repl', { session, code: '1 + 1' }),
      { result: { json: 2 } },
      JSON.stringify(bytes),
    );
  }
});

t.test('a message over the limit is refused, and the daemon lives on', async (t) => {
  const daemon = await startDaemon(t);
  const bad = await daemon.connect();
  bad.raw(`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(9 * 1024 * 1024)}"}`);
  t.match(await bad.reply(null), { error: { data: { code: 'MESSAGE_TOO_LARGE' } } });
  await until('the connection to be closed', () => bad.closed);
  t.match(await daemon.call('system.health'), { status: 'ok' });
});

t.test('the OpenRPC document is served, and names every method that answers', async (t) => {
  const daemon = await startDaemon(t);
  const { openrpc, methods } = await daemon.call<{ openrpc: string; methods: { name: string }[] }>(
    'rpc.discover',
  );
  t.match(openrpc, /^1\./);
  const names = methods.map(({ name }) => name);
  t.ok(names.includes('exec.repl') && names.includes('rpc.discover'));
  await t.rejects(daemon.call('session.splice', { session: 'x' }), {
    code: 'METHOD_NOT_FOUND',
    number: -32601,
  });
});

t.test('metrics count what was asked, and no name that a client made up', async (t) => {
  const daemon = await startDaemon(t);
  await daemon.call('system.health');
  await daemon.call('made.up').catch(() => {});
  const { contentType, text } = await daemon.call<{ contentType: string; text: string }>('system.metrics');
  t.match(contentType, /^text\/plain; version=0\.0\.4/);
  t.match(text, 'vmsys_requests_total{method="system.health",outcome="ok"} 1');
  t.match(text, 'vmsys_requests_total{method="unknown",outcome="METHOD_NOT_FOUND"} 1');
  t.notMatch(text, 'made.up');
});
