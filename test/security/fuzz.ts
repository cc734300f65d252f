// Random values and sequences of calls, thrown at every host function from inside a session: no error of the daemon, no
// hang past the limits, no file outside of the grants touched, and a session that can be used afterwards.
// FUZZ_SECONDS makes it longer, FUZZ_SEED repeats a run.
import { createHash } from 'node:crypto';
import {
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
import type { Event } from '#src/records/index.js';
import { attacked, folderGrant, module } from '../fixtures/attacked.js';
import { callsIn } from '../fixtures/host-calls.js';
import { startServer } from '../fixtures/http.js';

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 20);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
/** More than a run with its limits takes, on a machine with other work. */
const greatestMs = 10_000;
const limits = { timeoutMs: 1500, cpuMs: 1500 };

/** What the files hold that no call may give away. */
const canary = 'canary';

/** Variables of the session: `see` keeps in `stolen` what holds the canary; made before any sabotage. */
const seeing = `stolen = [], see = ((has, keys, text, isBytes) => {
  const signs = ['${canary}', '${Buffer.from(canary).toString('hex')}', '${Buffer.from(canary).toString('base64')}'];
  const look = (value, depth) => {
    if (typeof value === 'string') {
      for (let at = 0; at < signs.length; at++) if (has(value, signs[at])) stolen[stolen.length] = value;
    } else if (isBytes(value)) {
      let chars = '';
      for (let at = 0; at < value.length && at < 1000; at++) chars += text(value[at]);
      look(chars, depth);
    } else if (typeof value === 'object' && value !== null && depth < 4) {
      const names = keys(value);
      for (let at = 0; at < names.length && at < 100; at++) try { look(value[names[at]], depth + 1) } catch {}
    }
  };
  return (value) => { try { look(value, 0) } catch {} };
})(
  Function.prototype.call.bind(String.prototype.includes), Reflect.ownKeys, String.fromCharCode,
  ((Bytes) => (value) => value instanceof Bytes)(Uint8Array),
)`;

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
    for (const [place, text] of [
      [outside, canary],
      [state, canary],
      [folder, 'granted'],
    ] as const) {
      mkdirSync(join(place, 'sub'));
      for (const name of ['a.txt', 'x', 'y.db', 'sub/a.txt']) writeFileSync(join(place, name), text);
    }
    writeFileSync(join(outside, 'secret.txt'), canary);
    writeFileSync(join(state, 'own.txt'), canary);
    /** The worktree as each round finds it. */
    const fill = (): void => {
      rmSync(tree, { recursive: true, force: true });
      mkdirSync(join(tree, 'sub'), { recursive: true });
      writeFileSync(join(tree, 'a.txt'), 'a');
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
    const other = await startServer(t, { '/': (_, response) => void response.end(canary) });
    const granted = await startServer(t, {
      '/': (_, response) => void response.end('granted'),
      '/other': (_, response) => void response.writeHead(302, { location: other.origin }).end(),
    });
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
          { kind: 'net', name: granted.origin, config: { methods: ['GET', 'POST'], timeoutMs: 300 } },
        ],
        { limits: { memMb: 64 } },
      );
    const prelude = `const fs = require('fs'), exec = require('exec'), database = require('database'); var held = 0, db = database.open(':memory:'), ${seeing};
      // What is granted works, before it is fuzzed, and the process of databases has started.
      fs.readFileSync('a.txt'); exec.run('echo', ['x']); db.query('SELECT 1');
      await (await fetch('${granted.origin}')).text(); undefined`;
    const deadline = performance.now() + seconds * 1000;
    let [calls, slowest] = [0, 0];
    /** By module: calls that the template allows, and those of them that read or wrote, which none does that fails. */
    const allowed = new Map<string, { calls: number; withBytes: number }>();
    const count = (events: readonly Event[] = []): void => {
      for (const event of events) {
        if (event.type !== 'host' || !event.payload.allowed) continue;
        const { module: name, bytes = 0 } = event.payload;
        const { calls: before, withBytes } = allowed.get(name) ?? { calls: 0, withBytes: 0 };
        allowed.set(name, { calls: before + 1, withBytes: withBytes + (bytes > 0 ? 1 : 0) });
      }
    };
    const begin = async (): ReturnType<typeof make> => {
      const begun = await make();
      const { status, error, events } = await run(begun, prelude);
      if (status !== 'ok') throw new Error(`prelude: ${error?.message}`);
      count(events);
      return begun;
    };
    fill();
    let s = await begin();

    const attack = fc.asyncProperty(
      callsIn({
        tree,
        outside,
        folder,
        state,
        grantedOrigin: granted.origin,
        otherOrigin: other.origin,
      }),
      fc.nat(9),
      async (list, dice) => {
        if (performance.now() > deadline) return;
        fill();
        const code = list.map((call) => `try { see(${call}) } catch (e) { see(e) }`).join('\n');
        const startedAt = performance.now();
        const running = run(s, `${code}\nstolen[0]`, {
          ...limits,
          ...(dice < 3 ? { onFailure: 'rollback' } : {}),
        });
        const interrupt = dice === 9 ? setTimeout(() => runtime.sessions.interrupt(s.id), 30) : undefined;
        const { result, events } = await running;
        count(events);
        clearTimeout(interrupt);
        const tookMs = performance.now() - startedAt;
        calls += list.length;
        slowest = Math.max(slowest, tookMs);
        if (tookMs > greatestMs) throw new Error(`took ${tookMs} ms`);
        if (result !== undefined && result.type !== 'undefined')
          throw new Error(`read from outside: ${JSON.stringify(result)}`);
        if (touched.length > 0) throw new Error(`touched ${touched.join(', ')}`);
        if (other.seen.length > 0) throw new Error(`asked of another origin: ${other.seen.join(', ')}`);
        if (faults().length > 0) throw new Error(faults().join('\n'));
        if (dice === 8) await runtime.sessions.hibernate(s.id);
        const alive = await run(s, 'stolen.length === 0 ? [1, 2].length + 40 : stolen[0]', limits);
        if (alive.status !== 'ok' || alive.result?.json !== 42)
          throw new Error(`afterwards: ${JSON.stringify(alive.result ?? alive.error)}`);
        // What a script broke it broke for itself: the next begins anew.
        if (dice === 7) {
          await runtime.sessions.delete(s.id);
          fill();
          s = await begin();
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
    t.ok(calls > 50, `${calls} calls, the slowest run ${Math.round(slowest)} ms`);
    for (const name of ['fs', 'exec', 'database']) {
      const { calls: of, withBytes } = allowed.get(name) ?? { calls: 0, withBytes: 0 };
      t.ok(withBytes > 0, `${of} calls of ${name} were allowed, and ${withBytes} of them read or wrote`);
    }
    t.same(canaries.map(snapshot), before, 'nothing beside the worktree has changed');
    t.same(touched, [], 'nor was it meanwhile');
    t.ok(granted.seen.length > 0, `${granted.seen.length} requests came to the granted origin`);
    t.same(other.seen, [], 'and none to another');
    t.same(faults(), [], 'no error of the daemon');
  },
);
