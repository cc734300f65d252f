// The benchmarks run, and say what they say in the form that bench/run.mjs reads. Their numbers are not tested.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import * as z from 'zod';

const folder = fileURLToPath(new URL('../bench/', import.meta.url));
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')
  .map((file) => file.slice(0, -'.mjs'.length));
const Answer = z.strictObject({
  name: z.string(),
  question: z.string(),
  quick: z.literal(true),
  rows: z.array(
    z.strictObject({
      what: z.string(),
      unit: z.enum(['µs', 'ms', 'KiB', 'MiB', 'MB', 'calls/s', 'times']),
      value: z.number(),
      floor: z.number().optional(),
      ratio: z.number().optional(),
      aim: z.number().optional(),
      met: z.boolean().optional(),
    }),
  ),
  skipped: z.string().optional(),
});
const run = (...args: string[]) => promisify(execFile)(process.execPath, [`${folder}run.mjs`, ...args]);

for (const name of names) {
  t.test(`benchmark ${name} prints its answer as one line of JSON`, async (t) => {
    const { stdout } = await run(name, '--quick', '--json');
    t.equal(stdout.split('\n').length, 2, 'one line, and its end');
    const answer = Answer.parse(JSON.parse(stdout));
    t.equal(answer.name, name);
    if (answer.skipped !== undefined) t.pass('its rows', { skip: answer.skipped });
    else t.ok(answer.rows.length > 0, 'it has rows');
  });
}

t.test('a benchmark that is not there is refused with those that are', async (t) => {
  await t.rejects(run('nothing'), { code: 2, stderr: `expected one of ${names.join(', ')}` });
});
