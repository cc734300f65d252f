// A runtime that is killed at any moment leaves a database that opens, and sessions in states that they really had.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import t from 'tap';
import type { RuntimeOptions } from '#src/runtime/types.js';
import { openTestRuntime } from '../fixtures/runtime.js';
import { tempFolder } from '../fixtures/temp.js';

const load = fileURLToPath(new URL('../fixtures/load.mjs', import.meta.url));
const module = new URL('../../dist/runtime/index.js', import.meta.url).href;

/** Uses the database in another process and kills that once it has told so many things; the last it told of each session. */
async function useAndKill(
  database: string,
  options: Partial<RuntimeOptions>,
  words: number,
): Promise<Map<string, number>> {
  const child = spawn(process.execPath, [load, module, database, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  const told = new Map<string, number>();
  let left = words;
  for await (const line of createInterface(child.stdout)) {
    const [name = '', n] = line.split(' ');
    told.set(name, Number(n));
    if (--left === 0) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return told;
}

/** Each costs about a second; `test/daemon/crash.ts` kills the whole daemon many more times. */
const rounds = Number(process.env['VMSYS_CRASH_ROUNDS'] ?? 4);

const savings = ['idle', 'always', 'exit'] as const;

for (const when of savings) {
  t.test(`killed again and again, states saved ${when}`, async (t) => {
    const database = join(tempFolder(t), 'v.db');
    const options = { maxLiveSessions: 2 + (when === 'idle' ? 1 : 2), saving: { when, afterIdleMs: 1 } };
    for (let round = 0; round < rounds; round++) {
      // Words come at any moment of the other sessions' work, the number of them is as good as random.
      const told = await useAndKill(database, options, 1 + Math.floor(Math.random() * 40));
      const db = new Database(database);
      t.equal(db.pragma('integrity_check', { simple: true }), 'ok');
      t.strictSame(db.pragma('foreign_key_check'), []);
      db.close();
      const runtime = await openTestRuntime(t, { database });
      t.equal(runtime.executions.list({ status: 'running' }).items.length, 0);
      for (const session of runtime.sessions.list().items) {
        if (session.status === 'crashed') continue;
        t.equal(session.status, 'ready');
        const name = session.name ?? '';
        const seen = await runtime.value(
          session,
          '[globalThis.n ?? 0, (globalThis.list ?? []).length, (globalThis.list ?? []).every((x, i) => x === i + 1)]',
        );
        const [n, length, whole] = seen as [number, number, boolean];
        const last = told.get(name) ?? 0;
        t.ok(n === length && whole, `${name}: ${n} counted, ${length} listed`);
        t.ok(n <= last + 1 || last === 0, `${name}: ${n}, told ${last}`);
        if (when === 'always') t.ok(n >= last, `${name}: nothing that was told is lost`);
        if (n < last) t.match(session.lastError, /exe_/, `${name}: what was lost is named`);
      }
      for (const { id, status } of runtime.executions.list({ limit: 50 }).items) {
        const events = runtime.executions.events(id).items;
        t.ok(
          events.every(({ seq }, index) => seq === index + 1),
          `events of ${id}`,
        );
        if (status === 'ok') t.match(events.at(-1), { type: 'value' });
      }
      await runtime.close();
    }
  });
}
