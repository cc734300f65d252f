// Subscriptions and streams over the real socket: who is told what, and that nobody is told twice.
import t from 'tap';
import { startDaemon } from '../fixtures/daemon.js';
import { until } from '../fixtures/until.js';

interface Told {
  executionId: string;
  event: { type: string; seq: number };
}

t.test('a subscriber hears every event of another client’s call, in order', async (t) => {
  const daemon = await startDaemon(t);
  const { id: session } = await daemon.call('session.create', {});
  const watcher = await daemon.connect();
  t.match(await watcher.call('events.subscribe', { topics: ['execution'], session }), {
    subscription: /^sub_/,
  });
  const { id, events } = await daemon.call<{ id: string; events: { seq: number }[] }>('exec.repl', {
    session,
    code: 'for (let i = 0; i < 20; i++) console.log(i)',
  });
  const told = () => watcher.notifications.map(({ params }) => params as unknown as Told); // the wire’s own shape
  await until('all events', () => told().length >= events.length);
  t.strictSame(
    told().map(({ executionId, event }) => [executionId, event.seq]),
    events.map(({ seq }) => [id, seq]),
  );
});

t.test('a subscriber that also streams its call gets each event once', async (t) => {
  const daemon = await startDaemon(t);
  const { id: session } = await daemon.call('session.create', {});
  const client = await daemon.connect();
  await client.call('events.subscribe', { topics: ['execution'] });
  const { events } = await client.call<{ events: { seq: number }[] }>('exec.repl', {
    session,
    code: 'console.log(1); console.log(2)',
    stream: true,
  });
  await client.call('system.health');
  t.strictSame(
    client.notifications.map(({ params }) => (params as unknown as Told).event.seq),
    events.map(({ seq }) => seq),
  );
});

t.test('changes of sessions are told, until the subscription ends', async (t) => {
  const daemon = await startDaemon(t);
  const watcher = await daemon.connect();
  const { subscription } = await watcher.call('events.subscribe', { topics: ['session'] });
  const { id: session } = await daemon.call('session.create', {});
  await daemon.call('session.close', { session });
  await until('the closing to be told', () =>
    watcher.notifications.some(({ params }) => JSON.stringify(params).includes('"closed"')),
  );
  await watcher.call('events.unsubscribe', { subscription });
  const before = watcher.notifications.length;
  await daemon.call('session.create', {});
  await watcher.call('system.health');
  t.equal(watcher.notifications.length, before);
});

t.test('a subscription to a session that is not there is refused', async (t) => {
  const daemon = await startDaemon(t);
  await t.rejects(daemon.call('events.subscribe', { topics: ['execution'], session: 'none' }), {
    code: 'SESSION_NOT_FOUND',
  });
});

t.test('a client that goes away cancels its call only if it said so', async (t) => {
  const daemon = await startDaemon(t);
  const code = 'await new Promise((resolve) => setTimeout(resolve, 400))';
  for (const [onDisconnect, status] of [
    ['cancel', 'cancelled'],
    ['continue', 'ok'],
  ] as const) {
    const { id: session } = await daemon.call('session.create', {});
    const client = await daemon.connect();
    client.send('exec.repl', { session, code, onDisconnect });
    const running = async () =>
      (await daemon.call<{ executions: { running: number } }>('system.summary')).executions.running;
    await until('the call to run', async () => (await running()) === 1);
    client.close();
    await until('the call to end', async () => (await running()) === 0);
    t.match(await daemon.call('exec.list', { session }), { items: [{ status }] }, onDisconnect);
  }
});
