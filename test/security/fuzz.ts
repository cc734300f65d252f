// Random values and sequences of calls, thrown at every host function from inside a session: no error of the daemon, no
// hang past the limits, no file outside of the grants touched, and a session that can be used afterwards.
// FUZZ_SECONDS makes it longer, FUZZ_SEED repeats a run.
import { createHash } from 'node:crypto';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { attacked, folderGrant, module } from '../fixtures/attacked.js';
import { callsIn } from '../fixtures/host-calls.js';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 20);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
/** More than a run with its limits takes, on a machine with other work. */
const greatestMs = 20_000;
const limits = { timeoutMs: 1500, cpuMs: 1500 };

/** Everything about a folder that a call could change. */
function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map((name) => {
      const path = join(folder, name);
      const stat = lstatSync(path);
      const content = stat.isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : stat.isSymbolicLink()
          ? readlinkSync(path)
          : '';
      return [name, stat.mode, stat.ino, stat.nlink, stat.mtimeMs, stat.ctimeMs, content].join(' ');
    });
}

t.test(
  `random calls of host functions touch nothing outside, and break nothing (seed ${seed})`,
  { timeout: (seconds + 60) * 2000 },
  async (t) => {
    const world = await attacked(t);
    const { runtime, tree, outside, folder, state, session, run, faults } = world;
    for (const place of [outside, folder, state]) {
      mkdirSync(join(place, 'sub'));
      for (const name of ['a.txt', 'x', 'y.db', 'sub/a.txt']) writeFileSync(join(place, name), 'canary');
    }
    /** The worktree as each round finds it. */
    const fill = (): void => {
      rmSync(tree, { recursive: true, force: true });
      mkdirSync(join(tree, 'sub'), { recursive: true });
      cpSync(join(outside, 'a.txt'), join(tree, 'a.txt'));
      writeFileSync(join(tree, 'x'), 'x');
      for (const [name, target] of Object.entries({
        out: outside,
        file: join(outside, 'a.txt'),
        loop: 'loop',
        fds: '/proc/self/fd',
        nowhere: join(outside, 'new'),
      }))
        symlinkSync(target, join(tree, name));
    };
    const canaries = [outside, folder, state];
    const before = canaries.map(snapshot);
    const touched: string[] = [];
    const watchers = canaries.map((place) =>
      watch(place, { recursive: true }, (event, name) => touched.push(`${event} ${place}/${name}`)),
    );
    t.teardown(() => watchers.forEach((watcher) => watcher.close()));

    const make = (): ReturnType<typeof session> =>
      session(
        [
          module('fs', { write: true, maxBytes: 1_000_000, maxWrittenBytes: 5_000_000 }),
          module('database', { write: true, maxRows: 1000, maxFileBytes: 1_000_000 }),
          module('exec', { allow: ['echo', 'sleep', 'true'], timeoutMs: 300, maxBytes: 100_000 }),
          module('path'),
          module('buffer'),
          folderGrant(folder),
        ],
        { limits: { memMb: 64 } },
      );
    const prelude = `const fs = require('fs'), exec = require('exec'), database = require('database'); var held = 0, db; undefined`;
    const deadline = performance.now() + seconds * 1000;
    let [calls, slowest] = [0, 0];
    fill();
    let s = await make();
    await run(s, prelude);

    const attack = fc.asyncProperty(
      callsIn({ tree, outside, folder, state }),
      fc.nat(9),
      async (list, dice) => {
        if (performance.now() > deadline) return;
        fill();
        const code = list.map((call) => `try { ${call} } catch {}`).join('\n');
        const startedAt = performance.now();
        const running = run(s, `${code}\nundefined`, {
          ...limits,
          ...(dice < 3 ? { onFailure: 'rollback' } : {}),
        });
        const interrupt = dice === 9 ? setTimeout(() => runtime.sessions.interrupt(s.id), 30) : undefined;
        await running;
        clearTimeout(interrupt);
        const tookMs = performance.now() - startedAt;
        calls += list.length;
        slowest = Math.max(slowest, tookMs);
        if (tookMs > greatestMs) throw new Error(`took ${tookMs} ms`);
        if (touched.length > 0) throw new Error(`touched ${touched.join(', ')}`);
        if (faults().length > 0) throw new Error(faults().join('\n'));
        if (dice === 8) await runtime.sessions.hibernate(s.id);
        const alive = await run(s, '[1, 2].length + 40', limits);
        if (alive.status !== 'ok' || alive.result?.json !== 42)
          throw new Error(`afterwards: ${JSON.stringify(alive.error)}`);
        // What a script broke it broke for itself: the next begins anew.
        if (dice === 7) {
          await runtime.sessions.delete(s.id);
          s = await make();
          await run(s, prelude);
        }
      },
    );
    await fc.assert(attack, {
      seed,
      numRuns: 1_000_000,
      interruptAfterTimeLimit: seconds * 1000,
      markInterruptAsFailure: false,
      endOnFailure: true,
    });
    t.ok(calls > 100, `${calls} calls, the slowest run ${Math.round(slowest)} ms`);
    t.same(canaries.map(snapshot), before, 'nothing beside the worktree has changed');
    t.same(touched, [], 'nor was it meanwhile');
    t.same(faults(), [], 'no error of the daemon');
  },
);
