// What takes long to save is saved whole, whatever the next call does meanwhile.
import { freemem } from 'node:os';
import t from 'tap';
import { openTestRuntime } from '../../fixtures/runtime.js';

/** It takes a third of that three times: in the engine, in its shadow, and as what changed. */
const noMemory = freemem() < 3 * 2 ** 30 && 'less than 3 GiB of memory are free';

t.test(
  'a call that is over its time while the one before is still being saved harms neither',
  { skip: noMemory },
  async (t) => {
    const runtime = await openTestRuntime(t, { saving: { when: 'exit' } });
    runtime.templates.create({ name: 'large', limits: { memMb: 1024, wallMs: 60_000, cpuMs: 60_000 } });
    const session = await runtime.sessions.create({ template: 'large' });
    // It takes about as long to save as a run that is over its time is waited for.
    const made = await runtime.run(session, 'var list = new Float64Array(4e7).fill(Math.PI); list.length');
    t.match(made, { status: 'ok', state: 'kept' });
    await runtime.run(session, '1', { timeoutMs: 1 });
    t.strictSame(await runtime.value(session, '[list[0], list[2e7], list.at(-1)]'), [
      Math.PI,
      Math.PI,
      Math.PI,
    ]);
  },
);
