// The service through its life: restarts, crashes, a blocked event loop, leaving when idle; its sessions outlive all.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import t from 'tap';
import type { LineClient } from '../fixtures/line-client.js';
import { installService } from '../fixtures/systemd-service.js';
import { until } from '../fixtures/until.js';

/** A state is stored before its call is answered, so that what a test kills has nothing to lose. */
const never = { idleExitMs: 0, shutdownGraceMs: 10_000, saving: { when: 'always' } };
t.setTimeout(240_000); // some twenty starts of the service: half a minute on two idle cores
const { service, skip } = await installService(t, { config: never });
const { machine } = service;

const evaluate = async (client: LineClient, session: string, code: string): Promise<unknown> => {
  const { result } = await client.call<{ result?: { json?: unknown } }>('exec.repl', { session, code });
  return result?.json;
};
const createSession = async (client: LineClient): Promise<string> =>
  (await client.call<{ id: string }>('session.create')).id;
const pidOf = async (client: LineClient): Promise<string> =>
  String((await client.call<{ pid: number }>('system.info')).pid);
const later = (ms: number, value: string): string =>
  `await new Promise((resolve) => setTimeout(resolve, ${ms})); ${value}`;

t.test(
  'a restart in the middle of a call: it ends, is answered, and the next is served anew',
  { skip },
  async (t) => {
    const client = machine.connect(t);
    const session = await createSession(client);
    await evaluate(client, session, 'let n = 41');
    const before = await pidOf(client);
    const request = client.send('exec.repl', { session, code: later(800, '++n') });
    await until('the call to run', async () => {
      const { executions } = await client.call<{ executions: { running: number } }>('system.summary');
      return executions.running > 0;
    });
    const restarted = service.systemctl('restart', 'vmsysd');
    await until('word that it leaves', () =>
      client.notifications.some(({ method }) => method === '$/goaway'),
    );
    const waiting = machine.connect(t);
    const waitingPid = pidOf(waiting);
    t.match(await client.reply(request), { result: { status: 'ok', result: { json: 42 } } });
    client.close();
    await restarted;
    t.not(await waitingPid, before, 'who came meanwhile waited in the queue for the next daemon');
    t.equal(await evaluate(waiting, session, 'n'), 42);
  },
);

t.test('clients that do not leave do not hold a restart up past the grace', { skip }, async (t) => {
  await service.configure({ ...never, shutdownGraceMs: 300 });
  await service.systemctl('restart', 'vmsysd');
  const client = machine.connect(t);
  const session = await createSession(client);
  const before = await pidOf(client);
  const request = client.send('exec.repl', { session, code: 'for (;;) {}', timeoutMs: 60_000 });
  await until('the call to run', async () => {
    const { executions } = await client.call<{ executions: { running: number } }>('system.summary');
    return executions.running > 0;
  });
  await service.systemctl('restart', 'vmsysd');
  t.match(await client.reply(request), { result: { status: 'cancelled' } });
  await service.untilRunning(before);
  t.equal(await service.show('Result'), 'success');
  await service.configure(never);
  await service.systemctl('restart', 'vmsysd');
});

t.test(
  'after kill -9 in the middle of a call it is started again, with its sessions',
  { skip },
  async (t) => {
    const client = machine.connect(t);
    const session = await createSession(client);
    await evaluate(client, session, 'let kept = "kept"');
    const before = await pidOf(client);
    client.send('exec.repl', { session, code: 'for (;;) {}', timeoutMs: 60_000 });
    await until('the call to run', async () => {
      const { executions } = await client.call<{ executions: { running: number } }>('system.summary');
      return executions.running > 0;
    });
    await service.systemctl('kill', '--signal=KILL', '--kill-whom=main', 'vmsysd');
    const next = machine.connect(t);
    t.not(await pidOf(next), before);
    const { items } = await next.call<{ items: { status: string }[] }>('exec.list', { session, limit: 1 });
    t.match(items, [{ status: 'interrupted' }]);
    t.equal(await evaluate(next, session, 'kept'), 'kept');
    t.ok(client.closed, 'the client that was connected was told');
  },
);

/** Has the main thread compute for good at SIGUSR2. */
const blocker = '/home/tester/block.mjs';

t.test('a daemon that does not answer is ended by the watchdog, and started again', { skip }, async (t) => {
  await service.write(
    '/home/tester/.config/systemd/user/vmsysd.service.d/99-watchdog.conf',
    `[Service]\nWatchdogSec=2s\nTimeoutAbortSec=2s\nUnsetEnvironment=\nEnvironment=NODE_OPTIONS=--import=${blocker}\n`,
  );
  await service.write(
    blocker,
    `import { isMainThread } from 'node:worker_threads';
    if (isMainThread) process.on('SIGUSR2', () => { for (;;); });`,
  );
  await service.systemctl('daemon-reload');
  await service.systemctl('restart', 'vmsysd');
  const client = machine.connect(t);
  const session = await createSession(client);
  await evaluate(client, session, 'let kept = "kept"');
  const before = await pidOf(client);
  await machine.sh(`kill -USR2 ${before}`); // its event loop is blocked from now on; its other threads go on
  const next = machine.connect(t);
  t.not(await pidOf(next), before);
  t.equal(await evaluate(next, session, 'kept'), 'kept');
  const said = (await service.journal()).map(({ MESSAGE }) => MESSAGE).join('\n');
  t.match(said, /Watchdog timeout/);
  // Alive and answering, it is left alone.
  const healthy = await pidOf(next);
  await evaluate(next, session, later(3000, '0'));
  t.equal(await pidOf(next), healthy);
  await machine.sh(`rm ~/.config/systemd/user/vmsysd.service.d/99-watchdog.conf ${blocker}`);
  await service.systemctl('daemon-reload');
});

t.test('reload takes the settings up without a new process', { skip }, async (t) => {
  const client = machine.connect(t);
  const before = await pidOf(client);
  await service.configure({ ...never, idleExitMs: 200 });
  await service.systemctl('reload', 'vmsysd');
  t.equal(await pidOf(client), before);
  client.close();
  await service.untilAsleep();
  t.equal(await service.show('Result'), 'success', 'it now leaves when idle');
});

t.test(
  'idle, it leaves; the next connection finds it again, and its sessions as they were',
  { skip },
  async (t) => {
    const client = machine.connect(t);
    const session = await createSession(client);
    await evaluate(
      client,
      session,
      'let n = 1; const next = (() => { let at = 10; return () => at++ })(); next()',
    );
    const before = await pidOf(client);
    t.equal(await service.show('ActiveState'), 'active', 'with a client it stays');
    client.close();
    await service.untilAsleep();
    const again = machine.connect(t);
    t.not(await pidOf(again), before);
    t.equal(await evaluate(again, session, '++n * next()'), 22);
  },
);

t.test('what runs without its client runs to its end before it leaves', { skip }, async (t) => {
  const client = machine.connect(t);
  const session = await createSession(client);
  client.send('exec.repl', { session, code: later(1000, '"done"'), onDisconnect: 'continue' });
  await until('the call to run', async () => {
    const { executions } = await client.call<{ executions: { running: number } }>('system.summary');
    return executions.running > 0;
  });
  client.close();
  await service.untilAsleep();
  const { items } = await machine.connect(t).call<{ items: unknown[] }>('exec.list', { session, limit: 1 });
  t.match(items, [{ status: 'ok', result: { json: 'done' } }]);
});
