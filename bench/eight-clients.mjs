// How many calls of `1+1` a second eight clients get answered that call at once, each in a session of its own.
import { connectPair, evaluate } from './lib/pair.mjs';
import { report, times } from './lib/report.mjs';
import { median } from './lib/stats.mjs';

const { pairs, stop } = await connectPair({ clients: 8 });
const calls = times(400, 3);

await callsPerSecond(({ floor, session }) => floor.call('echo', { session, code: '1+1' }));
await callsPerSecond(({ daemon, session }) => evaluate(daemon, session));
/** @type {{ floor: number[], daemon: number[] }} */
const rates = { floor: [], daemon: [] };
for (let block = 0; block < times(9, 1); block++) {
  rates.floor.push(
    await callsPerSecond(({ floor, session }) => floor.call('echo', { session, code: '1+1' })),
  );
  rates.daemon.push(await callsPerSecond(({ daemon, session }) => evaluate(daemon, session)));
}
await stop();

report('eight-clients', 'calls of 1+1 by eight clients at once, a session each', [
  { what: 'throughput', unit: 'calls/s', value: median(rates.daemon), floor: median(rates.floor) },
]);

/** @param {(pair: (typeof pairs)[number]) => Promise<unknown>} ask */
async function callsPerSecond(ask) {
  const startedAt = performance.now();
  await Promise.all(
    pairs.map(async (pair) => {
      for (let call = 0; call < calls; call++) await ask(pair);
    }),
  );
  return (pairs.length * calls * 1000) / (performance.now() - startedAt);
}
