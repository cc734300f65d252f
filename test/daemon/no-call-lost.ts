// Whoever calls while the service leaves, restarts or stops gets an answer, and every call is made once.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere. It takes longest of all tests,
// and so is not with those of systemd, which come last: other tests run beside it.
import t from 'tap';
import * as z from 'zod';
import { installed, socketPath } from '../fixtures/systemd.js';
import { installService } from '../fixtures/systemd-service.js';

/** Of each kind: idle exits, restarts, stops. */
const exits = 68;
const goal = { calls: 2000, daemons: 3 * exits };
/** A machine that is slower than this shows nothing. */
const floor = { calls: 1000, daemons: 100 };
/** Each exit is a start of Node in a sandbox as well: all take a minute on two idle cores. */
const phaseMs = 100_000;
const timeoutMs = 4 * phaseMs;
t.setTimeout(timeoutMs);
const Report = z.object({
  counts: z.object({ staying: z.number(), oneShot: z.number(), plain: z.number() }),
  lost: z.array(z.string()),
  daemons: z.number(),
  seconds: z.record(z.string(), z.number()),
});

// It leaves as soon as nobody is connected. A worker started ahead would only be ended again.
const { service, skip } = await installService(t, { config: { idleExitMs: 1, spareWorkers: 0 } });

t.test(
  `no call is lost over ${exits} idle exits, restarts and stops each`,
  { skip, timeout: timeoutMs },
  async (t) => {
    const program = `${installed}/test/fixtures/systemd-calls.mjs`;
    const output = await service.machine.sh(
      `node ${program} ${installed}/dist/rpc/client.js ${socketPath} ${exits} ${phaseMs}`,
    );
    const { counts, lost, daemons, seconds } = Report.parse(JSON.parse(output));
    t.strictSame(lost, []);
    t.equal(await service.show('Result'), 'success');
    t.equal(await service.show('NRestarts'), '0', 'the last one did not fail');
    const messages = (await service.journal()).map(({ MESSAGE }) => String(MESSAGE));
    t.ok(messages.filter((text) => text.includes('Started')).length >= floor.daemons, 'systemd told of each');
    t.strictSame(
      messages.filter((text) => /Main process exited|Failed with result/.test(text)),
      [],
      'nor any before',
    );
    const calls = counts.staying + counts.oneShot + counts.plain;
    const did = `${calls} calls over ${daemons} daemons`;
    const reaches = (least: typeof goal): boolean => calls >= least.calls && daemons >= least.daemons;
    t.ok(reaches(floor), did, { counts, seconds });
    // A slow machine has tried fewer, and lost none of them.
    if (reaches(floor) && !reaches(goal)) t.pass('as many as are wanted', { skip: `too slow: ${did}` });
  },
);
