// The lessons of the design that show on the wire: each once went wrong in an earlier system of this kind.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startDaemon } from '../fixtures/daemon.js';
import { ReplyError } from '../fixtures/line-client.js';

t.test('lesson 1: a session made on one connection is usable from the next', async (t) => {
  const daemon = await startDaemon(t);
  const first = await daemon.connect();
  const { id: session } = await first.call('session.create', {});
  await first.call('exec.repl', { session, code: 'const greeting = "hello"' });
  first.close();
  const second = await daemon.connect();
  t.match(await second.call('exec.repl', { session, code: 'greeting' }), { result: { json: 'hello' } });
});

t.test('lesson 4: the reply and the stored record never disagree', async (t) => {
  const daemon = await startDaemon(t);
  const { id: session } = await daemon.call('session.create', {});
  for (const [code, options] of [
    ['console.log("a"); ({ n: 1 })', {}],
    ['throw new TypeError("no")', {}],
    ['for (;;) {}', { timeoutMs: 100 }],
    ['console.log("x".repeat(1e6))', {}],
  ] as const) {
    const reply = await daemon.call<{ id: string; events: unknown[] }>('exec.repl', {
      session,
      code,
      ...options,
    });
    const { events, ...record } = reply;
    t.strictSame(await daemon.call('exec.get', { execution: reply.id }), record, code);
    const stored = await daemon.call<{ items: unknown[] }>('exec.events', { execution: reply.id });
    t.strictSame(stored.items, events, `events of ${code}`);
  }
});

t.test('lesson 5: a session whose startup fails is not live, holds no worker, and says why', async (t) => {
  const daemon = await startDaemon(t);
  const worktree = join(daemon.home, 'tree');
  mkdirSync(worktree);
  writeFileSync(join(worktree, 'broken.js'), 'throw new RangeError("out of luck");');
  await daemon.call('template.create', { name: 'broken', startup: ['broken.js'] });
  const error: unknown = await daemon
    .call('session.create', { template: 'broken', worktree })
    .catch((e: unknown) => e);
  if (!(error instanceof ReplyError)) return t.fail('the session was made');
  t.equal(error.code, 'STARTUP_FAILED');
  t.match(error.details, { sessionId: /^ses_/, error: { name: 'RangeError', message: 'out of luck' } });
  const session = error.details['sessionId'];
  t.match(await daemon.call('session.get', { session }), {
    status: 'crashed',
    residency: 'none',
    lastError: /out of luck/,
  });
  t.match(await daemon.call('system.summary'), {
    sessions: { ready: 0, live: 0, crashed: 1 },
    liveSessionIds: [],
    workers: { busy: 0 },
  });
  await t.rejects(daemon.call('exec.repl', { session, code: '1' }), { code: 'SESSION_NOT_READY' });
  t.match(await daemon.call('exec.list', { session }), { items: [{ kind: 'startup', status: 'error' }] });
});

t.test('the socket’s files and the config file are closed, whatever is granted', async (t) => {
  const daemon = await startDaemon(t);
  const write = { write: true };
  const capabilities = [
    { kind: 'module', name: 'fs', config: write },
    { kind: 'fs', name: '/', config: write },
  ];
  await daemon.call('template.create', { name: 'all', capabilities });
  const { id: session } = await daemon.call('session.create', { template: 'all', worktree: daemon.home });
  for (const path of [daemon.configPath, daemon.socketPath, `${daemon.socketPath}.lock`]) {
    const code = `try { require('fs').writeFileSync(${JSON.stringify(path)}, '') } catch (e) { e.code }`;
    t.match(await daemon.call('exec.repl', { session, code }), { result: { json: 'EACCES' } }, path);
  }
});
