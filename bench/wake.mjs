// A small session (a few variables and functions) asleep: waking it to its first answer, forking it, its size.
import { report, times } from './lib/report.mjs';
import { connectWhenUp, startDaemon, tempFolder } from './lib/server-process.mjs';
import { percentile } from './lib/stats.mjs';

const server = startDaemon(tempFolder());
const daemon = await connectWhenUp(server);
const { id: session } = await daemon.call('session.create');
const lines = [
  'let total = 0; const names = ["a", "b", "c"];',
  'function add(n) { total += n; return total }',
  'class Point { #x = 1; move() { return ++this.#x } }; const point = new Point();',
  'const seen = new Map([["a", { n: 1 }]]);',
];
for (const code of lines) await daemon.call('exec.repl', { session, code });

/** @type {{ wake: number[], fork: number[], answer: number[] }} */
const took = { wake: [], fork: [], answer: [] };
for (let round = 1; round <= times(100, 2); round++) {
  await daemon.call('session.hibernate', { session });
  const startedAt = performance.now();
  const { result } = await daemon.call('exec.repl', { session, code: 'add(1)' });
  took.wake.push(performance.now() - startedAt);
  if (result?.json !== round) throw new Error(`add: expected ${round}, got ${JSON.stringify(result)}`);
  const answeredAt = performance.now();
  await daemon.call('exec.repl', { session, code: 'total' });
  took.answer.push(performance.now() - answeredAt);
  const forkedAt = performance.now();
  const { id: fork } = await daemon.call('session.fork', { session });
  took.fork.push(performance.now() - forkedAt);
  await daemon.call('session.delete', { session: fork });
}
const { storedBytes } = await daemon.call('session.hibernate', { session });
daemon.close();
await server.stop();

report('wake', 'a small session asleep', [
  { what: 'woken, to its first answer, p50', unit: 'ms', value: percentile(took.wake, 50), aim: 15 },
  { what: 'woken, to its first answer, p99', unit: 'ms', value: percentile(took.wake, 99) },
  { what: 'awake, to an answer, p50', unit: 'ms', value: percentile(took.answer, 50) },
  { what: 'forked, p50', unit: 'ms', value: percentile(took.fork, 50), aim: 10 },
  { what: 'on disk, with 20 executions to go back', unit: 'KiB', value: storedBytes / 1024, aim: 64 },
]);
