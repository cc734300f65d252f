// The law of states: a session that is stored, copied, woken and taken back between every two calls answers as one
// that nobody touched. VMSYS_TWIN_RUNS sets how many random programs are tried.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { Execution, Session } from '#src/records/index.js';
import type { RuntimeOptions } from '#src/runtime/types.js';
import { calls, wreck, type Call } from '../../fixtures/programs.js';
import { openTestRuntime, printed, type TestRuntime } from '../../fixtures/runtime.js';
import { whenFree } from '../../fixtures/states.js';
import { tempFolder } from '../../fixtures/temp.js';

const programs = Number(process.env['VMSYS_TWIN_RUNS'] ?? 24);

const between = fc.oneof(
  fc.record({ kind: fc.constantFrom('nothing', 'hibernate', 'fork', 'reopen', 'idle') }),
  fc.record({ kind: fc.constantFrom('checkpoint', 'undo', 'undo both'), code: wreck }),
);
type Between = typeof between extends fc.Arbitrary<infer T> ? T : never;

/** What a client sees of a call, but for ids and times. */
const seen = (execution: Execution) => ({
  status: execution.status,
  state: execution.state,
  result: execution.result,
  error: execution.error,
  printed: printed(execution),
});

const run = (runtime: TestRuntime, session: Session, { code, onFailure }: Call): Promise<Execution> =>
  runtime.run(session, code, { onFailure, ifBusy: 'wait' });

/** A session that is never left alone. */
class Twin {
  readonly #reopen: () => Promise<TestRuntime>;
  runtime: TestRuntime;
  session: Session;

  constructor(runtime: TestRuntime, session: Session, reopen: () => Promise<TestRuntime>) {
    this.runtime = runtime;
    this.session = session;
    this.#reopen = reopen;
  }

  async meddle(change: Between): Promise<void> {
    const { states, sessions } = this.runtime;
    const { id } = this.session;
    if ('code' in change) {
      const wreckIt = () => this.runtime.run(id, change.code, { ifBusy: 'wait' });
      const target =
        change.kind === 'checkpoint'
          ? { checkpoint: (await whenFree(() => states.checkpoint(id))).checkpoint }
          : { execution: (await wreckIt()).id };
      if (change.kind !== 'undo') await wreckIt();
      await whenFree(() => states.rollback(id, target));
      return;
    }
    switch (change.kind) {
      case 'nothing':
        return;
      case 'idle':
        // Past `afterIdleMs`, so that it may have been stored in between; either way it must not show.
        await new Promise((resolve) => setTimeout(resolve, 5));
        return;
      case 'hibernate':
        await whenFree(() => sessions.hibernate(id));
        return;
      case 'fork':
        this.session = await whenFree(() => states.fork(id));
        await sessions.delete(id);
        return;
      case 'reopen':
        await this.runtime.close();
        this.runtime = await this.#reopen();
    }
  }
}

for (const when of ['always', 'idle', 'exit'] as const) {
  t.test(`a twin that is never left alone answers the same; saving ${when}`, async (t) => {
    const options: Partial<RuntimeOptions> = { saving: { when, afterIdleMs: 2 } };
    const untouched = await openTestRuntime(t);
    const database = join(tempFolder(t), 'v.db');
    const open = () => openTestRuntime(t, { ...options, database });
    let runtime = await open();
    const program = calls(4, 14).chain((made) =>
      fc.tuple(...made.map((next) => fc.tuple(between, fc.constant(next)))),
    );
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        const original = await untouched.sessions.create({});
        const twin = new Twin(runtime, await runtime.sessions.create({}), open);
        for (const [change, next] of steps) {
          await twin.meddle(change);
          runtime = twin.runtime;
          const [expected, got] = await Promise.all([
            run(untouched, original, next),
            run(runtime, twin.session, next),
          ]);
          assert.deepStrictEqual(seen(got), seen(expected), `after ${change.kind}: ${next.code}`);
        }
        await untouched.sessions.delete(original.id);
        await runtime.sessions.delete(twin.session.id);
      }),
      { numRuns: Math.ceil(programs / 3), endOnFailure: false },
    );
    t.strictSame(runtime.logs, [], 'nothing to tell an operator');
  });
}
