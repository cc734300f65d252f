// Whoever calls while the service leaves, restarts or stops gets an answer, and every call is made once.
// Needs root, systemd, and a cgroup2 that may be written to; skipped by name elsewhere.
import t from 'tap';
import * as z from 'zod';
import { installed, socketPath } from '../fixtures/systemd.js';
import { installService } from '../fixtures/systemd-service.js';

/** Of each kind: idle exits, restarts, stops. */
const exits = 68;
const leastCalls = 2000;
/** A minute on two idle cores: each exit is a start of Node in a sandbox as well. */
const timeoutMs = 300_000;
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
      `node ${program} ${installed}/dist/rpc/client.js ${socketPath} ${exits}`,
    );
    const { counts, lost, daemons, seconds } = Report.parse(JSON.parse(output));
    t.strictSame(lost, []);
    const calls = counts.staying + counts.oneShot + counts.plain;
    t.ok(calls >= leastCalls, `${calls} calls`, { counts });
    t.ok(daemons >= 3 * exits, `${daemons} daemons`, { seconds });
    t.comment(JSON.stringify({ counts, daemons, seconds }));
    t.equal(await service.show('Result'), 'success');
    t.equal(await service.show('NRestarts'), '0', 'none of them failed');
  },
);
