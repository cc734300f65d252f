import t from 'tap';
import * as z from 'zod';
import { createDelivery, maxSubscriptionsPerConnection } from '#src/host/delivery.js';
import type { ExecutionId, Session, SessionId } from '#src/records/index.js';
import type { ConnectionHandle } from '#src/rpc/server.js';
import type { RuntimeEvent } from '#src/runtime/types.js';
import { aLibrary } from '../fixtures/libraries.js';

const idIn = (params: object): string | undefined =>
  z
    .object({
      executionId: z.string().optional(),
      session: z.object({ id: z.string() }).optional(),
      library: z.object({ id: z.string() }).optional(),
    })
    .transform(({ executionId, session, library }) => executionId ?? session?.id ?? library?.id)
    .parse(params);

/** A connection that writes down what it is told. */
function connection(id: number) {
  const controller = new AbortController();
  const told: string[] = [];
  const handle: ConnectionHandle = {
    id,
    closed: controller.signal,
    notify: (name, params) => {
      told.push(`${name} ${idIn(params)}`);
    },
  };
  return { handle, told, close: () => controller.abort() };
}

const happened = (executionId: ExecutionId, sessionId: SessionId): RuntimeEvent => ({
  kind: 'execution_event',
  executionId,
  sessionId,
  event: { seq: 1, ts: '2025-01-01T00:00:00.000Z', type: 'stdout', payload: { text: 'x' } },
});

const session: Session = {
  id: 'ses_1',
  templateId: 'tpl_1',
  templateVersion: 1,
  libraries: [],
  status: 'ready',
  residency: 'live',
  storedBytes: 0,
  createdAt: '2025-01-01T00:00:00.000Z',
  lastUsedAt: '2025-01-01T00:00:00.000Z',
};
const changed: RuntimeEvent = { kind: 'session_changed', session };

t.test('a subscriber is told of its topics and its session only', async (t) => {
  const delivery = createDelivery();
  const [all, one] = [connection(1), connection(2)];
  delivery.subscribe(all.handle, 'sub_1', { topics: new Set(['execution', 'session']) });
  delivery.subscribe(one.handle, 'sub_2', { topics: new Set(['execution']), sessionId: 'ses_2' });
  delivery.publish(happened('exe_1', 'ses_1'));
  delivery.publish(happened('exe_2', 'ses_2'));
  delivery.publish(changed);
  delivery.publish({ kind: 'session_deleted', sessionId: 'ses_1' });
  t.strictSame(all.told, ['exec.event exe_1', 'exec.event exe_2', 'session.changed ses_1']);
  t.strictSame(one.told, ['exec.event exe_2']);
});

t.test('changes of libraries are told to those who asked, whatever session they follow', async (t) => {
  const delivery = createDelivery();
  const [all, one, none] = [connection(1), connection(2), connection(3)];
  delivery.subscribe(all.handle, 'sub_1', { topics: new Set(['library']) });
  delivery.subscribe(one.handle, 'sub_2', { topics: new Set(['library']), sessionId: 'ses_2' });
  delivery.subscribe(none.handle, 'sub_3', { topics: new Set(['execution', 'session']) });
  delivery.publish({ kind: 'library_changed', change: 'added', library: aLibrary() });
  t.strictSame(all.told, ['lib.changed lodash@4.17.21']);
  t.strictSame(one.told, all.told);
  t.strictSame(none.told, []);
});

t.test('two subscriptions that match make one notification', async (t) => {
  const delivery = createDelivery();
  const client = connection(1);
  delivery.subscribe(client.handle, 'sub_1', { topics: new Set(['execution']) });
  delivery.subscribe(client.handle, 'sub_2', { topics: new Set(['execution']), sessionId: 'ses_1' });
  delivery.publish(happened('exe_1', 'ses_1'));
  t.strictSame(client.told, ['exec.event exe_1']);
});

t.test(
  'what a call streams to a connection is left out of its subscriptions, and of no other’s',
  async (t) => {
    const delivery = createDelivery();
    const [caller, watcher] = [connection(1), connection(2)];
    for (const { handle } of [caller, watcher]) {
      delivery.subscribe(handle, 'sub_1', { topics: new Set(['execution']) });
    }
    delivery.beginStream(caller.handle, 'exe_1');
    delivery.publish(happened('exe_1', 'ses_1'));
    delivery.publish(happened('exe_2', 'ses_1'));
    delivery.endStream(caller.handle, 'exe_1');
    t.strictSame(caller.told, ['exec.event exe_2']);
    t.strictSame(watcher.told, ['exec.event exe_1', 'exec.event exe_2']);
  },
);

t.test('a subscription ends when it is given up, by its own connection, or when that closes', async (t) => {
  const delivery = createDelivery();
  const [first, second] = [connection(1), connection(2)];
  for (const { handle } of [first, second])
    delivery.subscribe(handle, 'sub_1', { topics: new Set(['session']) });
  delivery.unsubscribe(second.handle, 'sub_1');
  delivery.unsubscribe(second.handle, 'sub_1');
  delivery.publish(changed);
  t.strictSame([first.told.length, second.told.length], [1, 0]);
  first.close();
  delivery.publish(changed);
  t.equal(first.told.length, 1);
  delivery.subscribe(first.handle, 'sub_2', { topics: new Set(['session']) });
  delivery.publish(changed);
  t.equal(first.told.length, 1, 'nothing is kept for a connection that is closed');
});

t.test('a connection has a bound on its subscriptions', async (t) => {
  const delivery = createDelivery();
  const { handle } = connection(1);
  const subscribe = (index: number) =>
    delivery.subscribe(handle, `sub_${index}`, { topics: new Set(['session']) });
  for (let index = 0; index < maxSubscriptionsPerConnection; index += 1) subscribe(index);
  t.throws(() => subscribe(-1), { code: 'OVERLOADED', message: /64 subscriptions/ });
  delivery.unsubscribe(handle, 'sub_0');
  t.doesNotThrow(() => subscribe(-1));
});
