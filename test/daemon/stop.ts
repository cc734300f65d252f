// How the daemon ends: in good order, at once, and from one moment to the next.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startDaemon, type RunningDaemon } from '../fixtures/daemon.js';
import type { LineClient } from '../fixtures/line-client.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

const endless = 'for (;;) {}';

/** Has a session run `code` on a connection of its own, and waits until it does. */
async function runInBackground(
  daemon: RunningDaemon,
  code: string,
  options: Record<string, unknown> = {},
): Promise<{ client: LineClient; request: number; session: string }> {
  const { id: session } = await daemon.call<{ id: string }>('session.create', {});
  const client = await daemon.connect();
  const request = client.send('exec.repl', { session, code, ...options });
  await until('the call to run', async () => {
    const { executions } = await daemon.call<{ executions: { running: number } }>('system.summary');
    return executions.running > 0;
  });
  return { client, request, session };
}

t.test('SIGTERM lets a running call end, answers it, and exits 0', async (t) => {
  const daemon = await startDaemon(t);
  const { client, request } = await runInBackground(
    daemon,
    'await new Promise((resolve) => setTimeout(resolve, 300)); "done"',
  );
  const exit = daemon.stop();
  t.match(await client.reply(request), { result: { status: 'ok', result: { json: 'done' } } });
  t.strictSame(await exit, { code: 0, signal: null });
});

t.test('SIGINT is the same', async (t) => {
  const daemon = await startDaemon(t);
  daemon.child.kill('SIGINT');
  t.strictSame(await daemon.exited, { code: 0, signal: null });
});

t.test('clients are asked to leave, and what they call until then is answered', async (t) => {
  const daemon = await startDaemon(t);
  const { client, request, session } = await runInBackground(
    daemon,
    'await new Promise((resolve) => setTimeout(resolve, 300)); var done = 1',
  );
  const exit = daemon.stop();
  await until('the request to leave', () => client.notifications.some(({ method }) => method === '$/goaway'));
  const late = client.send('exec.repl', { session, code: 'done + 1', ifBusy: 'wait' });
  t.match(await client.reply(request), { result: { status: 'ok' } });
  t.match(await client.reply(late), { result: { status: 'ok', result: { json: 2 } } });
  client.close();
  t.strictSame(await exit, { code: 0, signal: null });
});

t.test('a call that does not end within the grace is cancelled, and answered so', async (t) => {
  const home = tempFolder(t);
  const config = join(home, 'c.json');
  writeFileSync(config, '{"shutdownGraceMs": 100}');
  const daemon = await startDaemon(t, { home, args: ['--config', config] });
  const { client, request } = await runInBackground(daemon, endless, { timeoutMs: 60_000 });
  const exit = daemon.stop();
  t.match(await client.reply(request), { result: { status: 'cancelled' } });
  t.strictSame(await exit, { code: 0, signal: null });
});

t.test('a second signal exits at once', async (t) => {
  const daemon = await startDaemon(t);
  await runInBackground(daemon, endless, { timeoutMs: 60_000 });
  daemon.child.kill('SIGTERM');
  await until('the shutdown to begin', () => daemon.stderr().includes('stopping'));
  daemon.child.kill('SIGINT');
  t.strictSame(await daemon.exited, { code: 130, signal: null });
});

t.test('system.shutdown answers, and then the daemon is gone', async (t) => {
  const daemon = await startDaemon(t);
  t.strictSame(await daemon.call('system.shutdown'), {});
  t.strictSame(await daemon.exited, { code: 0, signal: null });
});

t.test(
  'after kill -9 in the middle of a call, the call is interrupted and the session goes on',
  async (t) => {
    const first = await startDaemon(t);
    const { session } = await runInBackground(first, endless, { timeoutMs: 60_000 });
    await first.kill();
    const second = await startDaemon(t, { home: first.home });
    const { items } = await second.call<{ items: { status: string; code: string }[] }>('exec.list', {
      session,
    });
    t.match(items, [{ status: 'interrupted', code: endless }]);
    t.match(await second.call('session.get', { session }), { status: 'ready' });
    t.match(await second.call('exec.repl', { session, code: '1 + 1' }), {
      status: 'ok',
      result: { json: 2 },
    });
  },
);

t.test('sessions survive a stop and a start', async (t) => {
  const first = await startDaemon(t);
  const { id: session } = await first.call('session.create', {});
  await first.call('exec.repl', { session, code: 'const kept = new Map([["a", 1n]]); let n = 41' });
  await first.stop();
  const second = await startDaemon(t, { home: first.home });
  t.match(await second.call('exec.repl', { session, code: '[++n, kept.get("a")]' }), {
    status: 'ok',
    result: { preview: '[ 42, 1n ]' },
  });
});

t.test('after an unforeseen fault nothing is waited for: what sessions hold is saved', async (t) => {
  const fault = `process.on('SIGUSR2', () => { throw new Error('planted'); });`;
  const home = tempFolder(t);
  const config = join(home, 'c.json');
  writeFileSync(config, '{"saving": {"when": "exit"}, "shutdownGraceMs": 60000}');
  const daemon = await startDaemon(t, {
    home,
    args: ['--config', config],
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}` },
  });
  const { id: session } = await daemon.call<{ id: string }>('session.create');
  await daemon.call('exec.repl', { session, code: 'let n = 41' });
  await runInBackground(daemon, endless, { timeoutMs: 60_000 });
  daemon.child.kill('SIGUSR2');
  t.match(await daemon.exited, { code: 1 });
  t.match(daemon.stderr(), /an unforeseen fault.*planted/s);
  t.match(daemon.stderr(), /"message":"stopped"/, 'in good order, and not for want of time');
  const next = await startDaemon(t, { home });
  t.match(await next.call('exec.repl', { session, code: '++n' }), { result: { json: 42 } });
});
