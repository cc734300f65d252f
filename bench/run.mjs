// Runs the benchmarks, each in a process of its own, one after the other, and prints their answers as one table.
// Usage: node bench/run.mjs [NAME...] [--quick] [--json]; `--json` prints each benchmark's own line instead.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const folder = fileURLToPath(new URL('.', import.meta.url));
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs') && file !== 'run.mjs')
  .map((file) => file.slice(0, -'.mjs'.length));
const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !known.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`bench: there is no benchmark "${unknown}"; expected one of ${known.join(', ')}\n`);
  process.exit(2);
}

/** @typedef {{ what: string, unit: string, value: number, floor?: number, ratio?: number, aim?: number, met?: boolean }} Row */

for (const name of positionals.length > 0 ? positionals : known) {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`${folder}${name}.mjs`, ...(values.quick ? ['--quick'] : [])],
    { env: withoutCertificates() },
  );
  if (values.json) process.stdout.write(stdout);
  else print(JSON.parse(stdout));
}

/** Where it is set, every process of Node's starts 50 ms later. */
function withoutCertificates() {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  return env;
}

/** @param {{ name: string, question: string, rows: Row[], skipped?: string }} answer */
function print({ name, question, rows, skipped }) {
  process.stdout.write(`\n${name}: ${question}\n`);
  if (skipped !== undefined) process.stdout.write(`  skipped: ${skipped}\n`);
  for (const { what, unit, value, floor, ratio, aim, met } of rows) {
    const compared = floor === undefined ? '' : `  floor ${floor}, ${ratio} times`;
    const verdict = aim === undefined ? '' : `  aim ${aim}: ${met === true ? 'met' : 'missed'}`;
    process.stdout.write(`  ${what.padEnd(40)} ${`${value} ${unit}`.padStart(14)}${compared}${verdict}\n`);
  }
}
