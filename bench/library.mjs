// What libraries cost: adding one from a file, verifying the cache, and loading four of them in a session. From a warm
// template loading is to add nothing to a new session; the floor is a session of a template without libraries. A copy
// sleeps until its first use, so it is the first answer that shows what filling an engine with them takes.
import { createRequire } from 'node:module';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { report, times } from './lib/report.mjs';
import { connectWhenUp, startDaemon, tempFolder } from './lib/server-process.mjs';
import { percentile } from './lib/stats.mjs';

const files = {
  lodash: 'lodash/lodash.min.js',
  acorn: 'acorn',
  ramda: 'ramda/dist/ramda.min', // its exports add the .js
  dayjs: 'dayjs/dayjs.min.js',
};

const folder = tempFolder();
const server = startDaemon(folder);
const daemon = await connectWhenUp(server);
const { resolve } = createRequire(import.meta.url);

/** @param {() => Promise<unknown>} work */
async function time(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** @type {{ add: number[], again: number[], verify: number[] }} */
const took = { add: [], again: [], verify: [] };
/** @type {string[]} */
const libraries = [];
for (const [name, file] of Object.entries(files)) {
  const spec = join(folder, `${name}.js`);
  copyFileSync(resolve(file), spec);
  for (let round = 0; round < times(5, 1); round++) {
    if (round > 0) await daemon.call('lib.remove', { library: `${name}@local` });
    took.add.push(await time(() => daemon.call('lib.add', { spec })));
    took.again.push(await time(() => daemon.call('lib.add', { spec })));
  }
  libraries.push(`${name}@local`);
}
for (let round = 0; round < times(20, 2); round++) {
  took.verify.push(await time(() => daemon.call('lib.verify')));
}

await daemon.call('template.create', { name: 'warm', libraries });
await daemon.call('template.create', { name: 'cold', libraries, runtime: { warm: false } });
const code =
  '_.chunk([1, 2, 3, 4], 2).length + R.sum([1, 2]) + dayjs(0).year() + acorn.parse("1", { ecmaVersion: 2020 }).end';

/**
 * @param {string} template
 * @param {string} script
 */
async function session(template, script) {
  const startedAt = performance.now();
  const { id } = await daemon.call('session.create', { template });
  const createdAt = performance.now();
  const { result } = await daemon.call('exec.repl', { session: id, code: script });
  const answeredAt = performance.now();
  if (typeof result?.json !== 'number')
    throw new Error(`${template}: expected a number, got ${JSON.stringify(result)}`);
  await daemon.call('session.delete', { session: id });
  return { create: createdAt - startedAt, first: answeredAt - startedAt };
}

await session('warm', code); // makes the state that the others copy
/** @type {Record<'plain' | 'warm' | 'cold', { create: number[], first: number[] }>} */
const sessions = {
  plain: { create: [], first: [] },
  warm: { create: [], first: [] },
  cold: { create: [], first: [] },
};
/** @param {'plain' | 'warm' | 'cold'} kind */
async function sample(kind) {
  const { create, first } = await session(
    kind === 'plain' ? 'default' : kind,
    kind === 'plain' ? '1 + 1' : code,
  );
  sessions[kind].create.push(create);
  sessions[kind].first.push(first);
}
for (let round = 0; round < times(100, 2); round++) {
  // By turns, so that both see the same machine, and each after the other as often.
  for (const kind of round % 2 === 0
    ? /** @type {const} */ (['plain', 'warm'])
    : /** @type {const} */ (['warm', 'plain'])) {
    await sample(kind);
  }
}
for (let round = 0; round < times(8, 1); round++) await sample('cold');
daemon.close();
await server.stop();

const p50 = (/** @type {number[]} */ samples) => percentile(samples, 50);
report('library', 'lodash, acorn, ramda and dayjs as libraries', [
  { what: 'lib.add of a file, p50', unit: 'ms', value: p50(took.add) },
  { what: 'lib.add of what is there, p50', unit: 'ms', value: p50(took.again) },
  { what: 'lib.verify of the four, p50', unit: 'ms', value: p50(took.verify) },
  {
    what: 'session.create, warm template, p50',
    unit: 'ms',
    value: p50(sessions.warm.create),
    floor: p50(sessions.plain.create),
    aim: 1.1,
  },
  {
    what: 'and its first answer, p50',
    unit: 'ms',
    value: p50(sessions.warm.first),
    floor: p50(sessions.plain.first),
  },
  { what: 'session.create, loading them, p50', unit: 'ms', value: p50(sessions.cold.create) },
]);
