// The worker's end of a port over which the sessions of one worker ask, one after the other.
import t from 'tap';
import { OutsideCaller } from '#src/runtime/capabilities/outside/caller.js';
import { Desk, type Service } from '#src/runtime/capabilities/outside/desk.js';
import { until } from '../../../fixtures/until.js';

t.test('a late answer to one session is no answer to the next', async (t) => {
  let answers = 0;
  const late: Service = {
    // It does not stop when it is told to.
    handle: async () => `answer ${++answers}`,
    close: async () => {},
  };
  const services = { exec: () => late, database: () => late, net: () => late };
  const desk = new Desk(services, () => {});
  t.teardown(() => desk.close());
  const session = (): OutsideCaller =>
    new OutsideCaller({ ...desk.setup, leftMs: () => 0, isCancelled: () => false });
  // This thread answers itself, so nothing is answered before the call is given up.
  t.throws(() => session().call('exec', 'first'), { code: 'ETIMEDOUT' });
  await until('the late answer', () => answers === 1);
  t.throws(() => session().call('exec', 'second'), { code: 'ETIMEDOUT' });
  await until('the second one is answered', () => answers === 2);
});
