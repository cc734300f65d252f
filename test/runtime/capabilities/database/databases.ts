// Databases in a process of their own: what they answer, what stops them, and what they must not reach.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import t, { type Test } from 'tap';
import type { HostValue } from '#src/runtime/engine/module-host.js';
import { Databases } from '#src/runtime/capabilities/database/databases.js';
import { HostError } from '#src/runtime/capabilities/host-module.js';
import { tempFolder } from '../../../fixtures/temp.js';

const never = new AbortController().signal;

const opened = (t: Test): Databases => {
  const databases = new Databases();
  t.teardown(() => databases.close());
  return databases;
};

const open = async (
  databases: Databases,
  path = ':memory:',
  change: Record<string, HostValue> = {},
): Promise<number> => {
  const request = { type: 'open', path, readonly: false, create: true, maxPages: 10_000, ...change };
  return ((await databases.handle(request, never)) as { database: number }).database;
};

const query = async (
  databases: Databases,
  database: number,
  sql: string,
  params: HostValue = [],
  signal = never,
) => {
  const request = {
    type: 'query',
    database,
    sql,
    params,
    inTransaction: false,
    maxRows: 1000,
    maxBytes: 100_000,
  };
  const { rows } = (await databases.handle(request, signal)) as { rows: Uint8Array };
  return deserialize(rows) as HostValue;
};

const exec = (databases: Databases, database: number, sql: string, params: HostValue = []) =>
  databases.handle({ type: 'exec', database, sql, params, inTransaction: false }, never);

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (value) => `none: ${JSON.stringify(value)}`,
    (error: unknown) => (error instanceof HostError ? error.code : String(error)),
  );

/** A query that would take minutes in one step. */
const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n';

t.test('values go in and come out as they are', async (t) => {
  const databases = opened(t);
  const database = await open(databases);
  await exec(databases, database, 'CREATE TABLE t (a, b)');
  t.match(await exec(databases, database, 'INSERT INTO t VALUES (?, ?)', [1, 'é']), {
    changes: 1,
    lastInsertRowid: 1,
  });
  await exec(databases, database, 'INSERT INTO t VALUES (:a, $b)', { a: null, b: new Uint8Array([0, 255]) });
  await exec(databases, database, 'INSERT INTO t VALUES (?, 1.5)', [{ bigint: '9223372036854775807' }]);
  t.same(await query(databases, database, 'SELECT a, b FROM t'), [
    { a: 1, b: 'é' },
    { a: null, b: Buffer.from([0, 255]) },
    { a: { bigint: '9223372036854775807' }, b: 1.5 },
  ]);
  const returning = 'RETURNING a';
  t.match(await exec(databases, database, `INSERT INTO t VALUES (8, 'r') ${returning}`), {
    changes: 1,
    lastInsertRowid: 4,
  });
  t.match(await exec(databases, database, `INSERT INTO t VALUES (?, ?) ${returning}`, [9, 'r']), {
    changes: 1,
    lastInsertRowid: 5,
  });
  t.match(await exec(databases, database, `DELETE FROM t WHERE b = ? ${returning}`, ['r']), { changes: 2 });
  t.match(await exec(databases, database, 'SELECT a FROM t WHERE a = ?', [1]), { changes: 0 });
  t.match(await exec(databases, database, "DELETE FROM t WHERE a = 1; UPDATE t SET b = 'x'"), { changes: 3 });
});

t.test('a file is made, kept, opened again, and not written to when opened for reading', async (t) => {
  const path = join(tempFolder(t), 'd.db');
  const databases = opened(t);
  const database = await open(databases, path);
  await exec(databases, database, 'CREATE TABLE t (a); INSERT INTO t VALUES (7)');
  await databases.handle({ type: 'close', database }, never);
  t.equal(await codeOf(query(databases, database, 'SELECT 1')), 'DATABASE_GONE');
  const reader = await open(databases, path, { readonly: true, create: false });
  t.same(await query(databases, reader, 'SELECT a FROM t'), [{ a: 7 }]);
  t.equal(await codeOf(exec(databases, reader, 'INSERT INTO t VALUES (8)')), 'SQLITE_READONLY');
  t.equal(await codeOf(open(databases, `${path}-not`, { create: false })), 'SQLITE_CANTOPEN');
});

t.test('a query that runs too long is ended with its process, and the next begins anew', async (t) => {
  const databases = opened(t);
  const database = await open(databases);
  const controller = new AbortController();
  const work = codeOf(query(databases, database, endless, [], controller.signal));
  setTimeout(() => controller.abort(), 50);
  t.equal(await work, 'ECANCELED');
  t.equal(await codeOf(query(databases, database, 'SELECT 1')), 'DATABASE_GONE');
  const again = await open(databases);
  t.same(await query(databases, again, 'SELECT 1 AS one'), [{ one: 1 }]);
});

t.test('closing ends what runs', async (t) => {
  const databases = opened(t);
  const database = await open(databases);
  const work = codeOf(query(databases, database, endless));
  await databases.close();
  t.equal(await work, 'DATABASE_GONE');
});

t.test('results, memory and files are bounded', async (t) => {
  const path = join(tempFolder(t), 'd.db');
  const databases = opened(t);
  const database = await open(databases, path, { maxPages: 100 });
  const numbers = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT ${count}) SELECT i FROM n`;
  t.equal(await codeOf(query(databases, database, numbers(1001))), 'ERR_RESULT_TOO_LARGE');
  t.equal(
    await codeOf(query(databases, database, "SELECT printf('%.*c', 200000, 'x')")),
    'ERR_RESULT_TOO_LARGE',
  );
  t.match(
    await codeOf(query(databases, database, 'SELECT length(zeroblob(900000000) || 1)')),
    /SQLITE_(NOMEM|TOOBIG)/,
  );
  await exec(databases, database, 'CREATE TABLE t (a)');
  t.equal(await codeOf(exec(databases, database, 'INSERT INTO t VALUES (zeroblob(1000000))')), 'SQLITE_FULL');
  for (let count = 0; count < 15; count++) await open(databases);
  t.equal(await codeOf(open(databases)), 'EMFILE');
});

t.test('faults of SQL are errors with SQLite’s code', async (t) => {
  const databases = opened(t);
  const database = await open(databases);
  t.equal(await codeOf(query(databases, database, 'SELEC 1')), 'SQLITE_ERROR');
  t.equal(await codeOf(query(databases, database, 'CREATE TABLE t (a)')), 'ERR_NO_ROWS');
  t.match(await codeOf(query(databases, database, 'SELECT 1; SELECT 2')), /./);
  t.match(await codeOf(query(databases, database, 'SELECT ?')), /./);
  t.match(await codeOf(query(databases, database, "SELECT load_extension('x')")), 'SQLITE_ERROR');
});

t.test('what is no database is refused and left as it was', async (t) => {
  const databases = opened(t);
  t.equal(await codeOf(open(databases, '/etc/passwd', { create: false })), 'SQLITE_NOTADB');
  t.match(readFileSync('/etc/passwd', 'utf8'), /:0:0:/);
  t.notOk(existsSync('/etc/passwd-journal'));
});

t.test('no process is left', async (t) => {
  const databases = new Databases();
  await open(databases);
  const mine = (): string[] =>
    readdirSync('/proc').filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        return (
          stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] === String(process.pid) && !/\) Z /.test(stat)
        );
      } catch {
        return false;
      }
    });
  t.equal(mine().length, 1);
  await databases.close();
  await databases.close();
  t.same(mine(), []);
});
