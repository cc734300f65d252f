// Attacks on the ends of executions: stopped, cancelled or killed in the middle of every kind of host call. Afterwards
// nothing of it runs, nothing of it is open, and the session goes on.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { attacked, module } from '../fixtures/attacked.js';
import { nativeLoop } from '../fixtures/runtime.js';
import { until } from '../fixtures/until.js';

const capabilities = [
  module('fs', { write: true, maxBytes: 200 * 1024 * 1024, maxWrittenBytes: 2 ** 40 }),
  module('exec', { allow: ['sleep', 'yes'] }),
  module('database', { write: true }),
];

const mark = `${2_000_000 + process.pid}`;
const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n';

/** Work of many seconds, by what it is done with. */
const long: Record<string, string> = {
  'a program that sleeps': `exec.run('sleep', ['${mark}'])`,
  'programs that print': `(() => { for (;;) try { exec.run('yes') } catch (e) { if (e.code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') throw e } })()`,
  'a query': `database.open('d.db').query('${endless}')`,
  'a query in a transaction': `(db => db.transaction(() => db.exec('CREATE TABLE IF NOT EXISTS t (a); INSERT INTO t ${endless}')))(database.open('d.db'))`,
  'calls of fs': `(() => { for (let i = 0; ; i++) { fs.writeFileSync('w', 'x'.repeat(i % 1e5)); fs.readFileSync('w'); fs.statSync('w') } })()`,
  'walks of fs': `(() => { for (;;) fs.readdirSync('.', { recursive: true }) })()`,
  'descriptors of fs': `(() => { for (;;) { const d = fs.openSync('w', 'w'); fs.writeSync(d, 'x'); fs.closeSync(d) } })()`,
  'a call after a native loop': `(() => { fs.openSync('w', 'w'); for (;;) { ${nativeLoop}; fs.statSync('w') } })()`,
};

/** Processes of ours that answer queries, or sleep so long. */
function left(): string[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const isOurs = stat.slice(stat.lastIndexOf(')')).split(' ')[2] === String(process.pid);
      return words.includes(mark) || (isOurs && words.some((word) => word.endsWith('database/process.js')))
        ? [words.join(' ')]
        : [];
    } catch {
      return [];
    }
  });
}

/** Files of this folder that the process has open. */
const openFiles = (folder: string): string[] =>
  readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${name}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });

for (const [name, code] of Object.entries(long)) {
  t.test(`${name} is stopped by its time, by its client, and by the end of its session`, async (t) => {
    const { runtime, tree, session, run, attempt, faults } = await attacked(t);
    mkdirSync(join(tree, 'folder'));
    for (let i = 0; i < 50; i++) writeFileSync(join(tree, 'folder', String(i)), '');
    const s = await session(capabilities);
    await run(
      s,
      `const fs = require('fs'), exec = require('exec'), database = require('database'); undefined`,
    );
    const startedAt = performance.now();
    const timed = await run(s, code, { timeoutMs: 400 });
    t.equal(timed.status, 'timeout');
    t.ok(performance.now() - startedAt < 10_000, 'in time');
    t.equal(await attempt(s, `fs.readFileSync('a.txt', 'utf8')`), 'a', 'the session goes on after its time');

    const cancelled = run(s, code);
    await until('it runs', () => runtime.sessions.interrupt(s.id));
    t.equal((await cancelled).status, 'cancelled');
    t.equal(
      await attempt(s, `database.open(':memory:').query('SELECT 1 AS n')[0].n`),
      1,
      'and after its client’s wish',
    );

    const closing = run(s, code).catch(() => undefined);
    await until('it runs', () => runtime.summary().executions.running > 0);
    await runtime.sessions.delete(s.id);
    await closing;
    await until('nothing is left', () => left().length === 0 && openFiles(tree).length === 0);
    t.same(faults(), []);
  });
}

t.test('what one session does in another’s worker afterwards is its own', async (t) => {
  const { tree, session, run, attempt, runtime } = await attacked(t, { spareWorkers: 0 });
  const first = await session(capabilities);
  await run(
    first,
    `const fs = require('fs'); var d = fs.openSync('a.txt'); const db = require('database').open(':memory:'); db.exec('CREATE TABLE secret (a)'); d`,
  );
  await runtime.sessions.hibernate(first.id);
  await until('what it had open is closed', () => openFiles(tree).length === 0);
  const second = await session(capabilities);
  for (let number = 0; number < 70; number++)
    t.equal(await attempt(second, `require('fs').fstatSync(${number})`), 'EBADF');
  const guess = await run(
    second,
    `const found = []; const { Database } = require('database'); const db = require('database').open(':memory:');
     try { found.push(db.query('SELECT * FROM secret')) } catch {} found.length`,
  );
  t.equal(guess.result?.json, 0);
  t.equal(await attempt(first, `db.query('SELECT * FROM secret')`), 'DATABASE_GONE');
});

t.test('a query ends with a daemon that was killed', async (t) => {
  const built = new URL('../../dist/runtime/capabilities/database/databases.js', import.meta.url);
  const code = `
    const { Databases } = await import(${JSON.stringify(built.href)});
    const databases = new Databases(), never = new AbortController().signal;
    const { database } = await databases.handle({ type: 'open', path: ':memory:', readonly: false, create: true, maxPages: 10 }, never);
    const { readdirSync, readFileSync } = await import('node:fs');
    const pid = readdirSync('/proc').find((name) => { try { return readFileSync('/proc/' + name + '/stat', 'utf8').split(') ')[1].split(' ')[1] === String(process.pid) } catch { return false } });
    console.log(pid);
    await databases.handle({ type: 'query', database, sql: ${JSON.stringify(endless)}, params: [], maxRows: 1, maxBytes: 1 }, never);`;
  const daemon = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<string>((resolve) =>
    daemon.stdout.once('data', (data) => resolve(String(data).trim())),
  );
  t.match(pid, /^\d+$/);
  daemon.kill('SIGKILL');
  const isThere = (): boolean => {
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  await until('the query’s process is gone', () => !isThere());
});
