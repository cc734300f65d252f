// A session of a template with lodash, moment, ramda and dayjs as startup files: made as a copy of where they led,
// against running them each time (`runtime.warm: false`). From `session.create` to the first answer.
import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { report, times } from './lib/report.mjs';
import { connectWhenUp, startDaemon, tempFolder } from './lib/server-process.mjs';
import { percentile } from './lib/stats.mjs';

const libraries = [
  'lodash/lodash.min.js',
  'moment/min/moment.min.js',
  'ramda/dist/ramda.min', // its exports add the .js
  'dayjs/dayjs.min.js',
];
const code = '_.chunk([1, 2, 3, 4], 2).length + R.sum([1, 2]) + dayjs(0).year() + moment(0).year()';

const folder = tempFolder();
const worktree = join(folder, 'worktree');
mkdirSync(worktree);
const resolve = createRequire(import.meta.url).resolve;
const startup = libraries.map((path) => {
  const file = resolve(path);
  copyFileSync(file, join(worktree, basename(file)));
  return basename(file);
});

const server = startDaemon(folder);
const daemon = await connectWhenUp(server);
await daemon.call('template.create', { name: 'warm', startup });
await daemon.call('template.create', { name: 'cold', startup, runtime: { warm: false } });

/** @param {string} template */
async function firstAnswer(template) {
  const startedAt = performance.now();
  const { id: session } = await daemon.call('session.create', { template, worktree });
  const { result } = await daemon.call('exec.repl', { session, code });
  const ms = performance.now() - startedAt;
  if (result?.json !== 3945) throw new Error(`${template}: expected 3945, got ${JSON.stringify(result)}`);
  await daemon.call('session.delete', { session });
  return ms;
}

await firstAnswer('warm'); // makes the state that the others copy
/** @type {{ warm: number[], cold: number[] }} */
const took = { warm: [], cold: [] };
for (let round = 0; round < times(12, 1); round++) {
  took.cold.push(await firstAnswer('cold'));
  for (let copy = 0; copy < times(10, 1); copy++) took.warm.push(await firstAnswer('warm'));
}
daemon.close();
await server.stop();

const [warmMs, coldMs] = [percentile(took.warm, 50), percentile(took.cold, 50)];
report('warm-start', 'a session with lodash, moment, ramda and dayjs, to its first answer', [
  { what: 'copied, p50', unit: 'ms', value: warmMs, aim: 10 },
  { what: 'copied, p99', unit: 'ms', value: percentile(took.warm, 99) },
  { what: 'loaded, p50', unit: 'ms', value: coldMs },
  { what: 'times faster', unit: 'times', value: coldMs / warmMs, aim: 50, least: true },
]);
