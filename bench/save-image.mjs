// What keeping the state after a call adds: one engine in this thread, run by itself, and run and saved. The saving
// happens after the answer is on its way; a second call waits for it only if it comes sooner than that.
import { openSandbox } from './lib/sandbox.mjs';
import { report, times } from './lib/report.mjs';
import { percentile } from './lib/stats.mjs';

/** How much a session holds, and what a call changes of it. */
const cases = [
  { what: 'a small session', setUp: 'let n = 0', code: 'n + 1' },
  {
    what: 'a session that holds 10 MB',
    setUp: 'let n = 0; const held = new Uint8Array(10e6).fill(7)',
    code: 'n + 1',
  },
  {
    what: 'a call that changes 1 MB',
    setUp: 'let n = 0; const held = new Uint8Array(1e6)',
    code: 'held.fill(++n); n',
  },
];
const none = new AbortController().signal;
const rows = [];
for (const { what, setUp, code } of cases) {
  const sandbox = await openSandbox();
  const run = async (/** @type {string} */ text) => {
    const { status, error } = await sandbox.run(request(text), () => {}, none);
    if (status !== 'ok') throw new Error(`${text}: ${status}: ${error?.message}`);
  };
  await run(setUp);
  sandbox.save();
  /** @type {{ run: number[], save: number[] }} */
  const took = { run: [], save: [] };
  for (let call = 0; call < times(1000, 3); call++) {
    const startedAt = performance.now();
    await run(code);
    const ranAt = performance.now();
    sandbox.save();
    took.run.push(ranAt - startedAt);
    took.save.push(performance.now() - ranAt);
  }
  rows.push(
    { what: `${what}: running`, unit: 'µs', value: percentile(took.run, 50) * 1000 },
    { what: `${what}: saving`, unit: 'µs', value: percentile(took.save, 50) * 1000 },
  );
}
report('save-image', 'keeping the state after a call, in the engine’s thread, p50', rows);

/** @param {string} code */
function request(code) {
  const limits = { cpuMs: 5000, wallMs: 30_000, memMb: 128, maxEvents: 1000, maxOutputKb: 512 };
  const call = { kind: 'repl', code, filename: '<repl>', args: [], env: {}, strict: false };
  return { ...call, limits, until: 'value', rollbackOnFailure: false };
}
