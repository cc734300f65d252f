// When a daemon that has nothing to do leaves, and what holds it.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createIdleExit } from '#src/host/idle-exit.js';
import type { Pending } from '#src/runtime/types.js';
import { tempFolder } from '../fixtures/temp.js';
import { until } from '../fixtures/until.js';

/** A clock and what happens, in the hand of a test; real timers are short. */
function setUp(t: Test, options: { afterMs: number; inUse?: boolean; pending?: Pending }) {
  const state = { inUse: options.inUse ?? false, pending: options.pending ?? { executions: 0 }, left: 0 };
  let asked = 0;
  const idleExit = createIdleExit({
    afterMs: options.afterMs,
    isInUse: () => {
      asked += 1;
      return state.inUse;
    },
    pending: () => state.pending,
    leave: () => (state.left += 1),
  });
  t.teardown(() => idleExit.close());
  /** Resolves when it has looked again, so often. */
  const looked = (times: number) => {
    const goal = asked + times;
    return until('another look', () => asked >= goal);
  };
  return { state, idleExit, looked };
}

t.test('with nothing to do it leaves, once', async (t) => {
  const since = performance.now();
  const { state } = setUp(t, { afterMs: 60 });
  await until('the end', () => state.left > 0);
  t.ok(performance.now() - since >= 59);
  t.equal(state.left, 1);
});

t.test('a connection holds it, and its end begins the count', async (t) => {
  const { state, idleExit } = setUp(t, { afterMs: 30, inUse: true });
  const other = setUp(t, { afterMs: 30 });
  await until('an idle one to end meanwhile', () => other.state.left === 1);
  t.equal(state.left, 0);
  state.inUse = false;
  idleExit.check();
  await until('the end', () => state.left === 1);
});

t.test('what runs without a client holds it, and so does a timer that is due within the time', async (t) => {
  const { state, looked } = setUp(t, { afterMs: 20, pending: { executions: 1 } });
  await looked(3);
  t.equal(state.left, 0);
  state.pending = { executions: 0, nextTimerAt: Date.now() + 20 };
  await looked(3);
  t.equal(state.left, 0);
  state.pending = { executions: 0, nextTimerAt: Date.now() + 3_600_000 };
  await until('the end: that one is far away', () => state.left === 1);
});

t.test('0 means never, and the time can change while it runs', async (t) => {
  const { state, idleExit } = setUp(t, { afterMs: 0 });
  const other = setUp(t, { afterMs: 20 });
  await until('another one to end', () => other.state.left === 1);
  t.equal(state.left, 0);
  idleExit.setAfter(10);
  await until('the end', () => state.left === 1);
});

t.test('who connected while the event loop was busy is seen before it leaves', async (t) => {
  const path = join(tempFolder(t), 's');
  let connections = 0;
  let left = 0;
  const server = createServer(() => (connections += 1)).listen(path);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const client = connect(path);
  t.teardown(() => client.destroy());
  const idleExit = createIdleExit({
    afterMs: 1,
    isInUse: () => connections > 0,
    pending: () => ({ executions: 0 }),
    leave: () => (left += 1),
  });
  t.teardown(() => idleExit.close());
  const since = performance.now();
  while (performance.now() - since < 20); // the timer is due, and the connection waits
  await until('the connection', () => connections === 1 || left > 0);
  t.equal(left, 0);
});
