// What a call of `1+1` in an existing session takes over the socket, one after the other.
import { connectPair, evaluate } from './lib/pair.mjs';
import { report, times } from './lib/report.mjs';
import { percentile } from './lib/stats.mjs';

const { floor, daemon, session, stop } = await connectPair();
const askFloor = () => floor.call('echo', { session, code: '1+1' });
const askDaemon = () => evaluate(daemon, session);

await samples(askFloor, times(3000, 5));
await samples(askDaemon, times(3000, 5));
/** @type {{ floor: number[], daemon: number[] }} */
const all = { floor: [], daemon: [] };
for (let block = 0; block < times(30, 1); block++) {
  all.floor.push(...(await samples(askFloor, times(300, 5))));
  all.daemon.push(...(await samples(askDaemon, times(300, 5))));
}
await stop();

/** @param {number} percent */
const row = (percent) => ({
  what: `p${percent}`,
  unit: 'µs',
  value: percentile(all.daemon, percent) * 1000,
  floor: percentile(all.floor, percent) * 1000,
});
report('round-trip', '1+1 in an existing session, one call after the other', [
  { ...row(50), aim: 1.5 },
  row(99),
]);

/**
 * @param {() => Promise<unknown>} ask
 * @param {number} count
 */
async function samples(ask, count) {
  const taken = [];
  for (let call = 0; call < count; call++) {
    const startedAt = performance.now();
    await ask();
    taken.push(performance.now() - startedAt);
  }
  return taken;
}
