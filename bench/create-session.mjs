// What making a session of the default template takes, and making one with its first answer. Each session is deleted
// before the next is made, so that a worker is ready for it; the floor is one round trip of the floor server.
import { connectPair, evaluate } from './lib/pair.mjs';
import { report, times } from './lib/report.mjs';
import { percentile } from './lib/stats.mjs';

const { floor, daemon, stop } = await connectPair();
/** @type {{ floor: number[], create: number[], first: number[] }} */
const took = { floor: [], create: [], first: [] };
for (let round = 0; round < times(200, 2); round++) {
  const startedAt = performance.now();
  await floor.call('echo', { code: '1+1' });
  const floorAt = performance.now();
  const { id } = await daemon.call('session.create');
  const createdAt = performance.now();
  await evaluate(daemon, id);
  const answeredAt = performance.now();
  await daemon.call('session.delete', { session: id });
  took.floor.push(floorAt - startedAt);
  took.create.push(createdAt - floorAt);
  took.first.push(answeredAt - floorAt);
}
await stop();

const floorMs = percentile(took.floor, 50);
report('create-session', 'a new session of the default template', [
  { what: 'session.create, p50', unit: 'ms', value: percentile(took.create, 50), floor: floorMs },
  { what: 'and its first answer, p50', unit: 'ms', value: percentile(took.first, 50), floor: floorMs },
  { what: 'and its first answer, p99', unit: 'ms', value: percentile(took.first, 99) },
]);
