// Attacks through SQL and through database files: to reach other files, to outgrow the bounds, to outlive the session.
import Database from 'better-sqlite3';
import { copyFileSync, existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { attacked, folderGrant, module } from '../fixtures/attacked.js';

const text = JSON.stringify;
const open = `const { open } = require('database'); undefined`;

t.test('no SQL opens, writes or loads another file', async (t) => {
  const { outside, session, attempt, run, faults } = await attacked(t);
  const s = await session([module('database', { write: true }), module('fs', { write: true })]);
  await run(s, `${open}; const db = open('d.db'); db.exec('CREATE TABLE t (a)')`);
  for (const sql of [
    `ATTACH '${outside}/x.db' AS x`,
    `\ufeffATTACH '${outside}/x.db' AS x`,
    `SELECT 1;\ufeff\ufeffATTACH '${outside}/x.db' AS x`,
    `SELECT '''';ATTACH DATABASE '${outside}/x.db' AS x`,
    `SELECT x'00';ATTACH '${outside}/x.db' AS x`,
    `/*/ */ATTACH '${outside}/x.db' AS x`,
    `VACUUM INTO '${outside}/x.db'`,
    `VACUUM`,
    `SELECT load_extension('${outside}/x.so')`,
    `PRAGMA temp_store = FILE`,
    `PRAGMA "temp_store" = 1`,
    `PRAGMA main."journal_mode" = WAL`,
    `PRAGMA [writable_schema] = 1`,
    `PRAGMA 'max_page_count' = 4294967294`,
    `PRAGMA \`hard_heap_limit\` = 0`,
    `PRAGMA page_size = 65536`,
    `PRAGMA cache_size = -10000000`,
    `PRAGMA nothing_known`,
  ]) {
    t.equal(await attempt(s, `db.exec(${text(sql)})`), 'EACCES', sql);
    t.equal(await attempt(s, `db.query(${text(sql)})`), 'EACCES', sql);
  }
  for (const sql of [
    `SELECT "load_extension"('${outside}/x.so')`,
    `CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT "load_extension"('x'); END; INSERT INTO t VALUES (1)`,
    `SELECT readfile('/etc/passwd')`,
    `SELECT writefile('${outside}/x', 'x')`,
    `SELECT fts3_tokenizer('simple', x'4141414141414141')`,
    `CREATE VIRTUAL TABLE v USING csv(filename = '/etc/passwd')`,
    `CREATE VIRTUAL TABLE v USING zipfile('/etc/passwd')`,
    `INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x (a)')`,
  ])
    t.match(await attempt(s, `db.exec(${text(sql)})`), /^(?:SQLITE_|EACCES)/, sql);
  for (const path of [
    `${outside}/x.db`,
    '../outside/x.db',
    `file:${outside}/x.db`,
    `file:///etc/passwd?mode=ro`,
    `file:d.db?vfs=unix-none`,
    '/proc/self/root/tmp/x.db',
    ':memory: ',
    '',
  ]) {
    const got = await attempt(s, `(open(${text(path)}).close(), require('fs').readdirSync('.').join())`);
    t.match(got, /^(?:E[A-Z]+|ERR_.*|SQLITE_CANTOPEN|.*d\.db.*)$/, path);
  }
  t.same(readdirSync(outside), ['secret.txt']);
  t.same(faults(), []);
});

/** A journal that names a super-journal: SQLite removes that file when it plays the journal back. */
function journalThatNames(path: string): Buffer {
  const magic = Buffer.from('d9d505f920a163d7', 'hex');
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const name = Buffer.from(path);
  const sum = name.reduce((total, byte) => total + byte, 0);
  const head = Buffer.concat([magic, ...[0, 7, 2, 512, 4096].map(number)], 512);
  return Buffer.concat([head, number(0x40000000 / 4096 + 1), name, number(name.length), number(sum), magic]);
}

t.test('a crafted journal removes no file that it names', async (t) => {
  const { tree, outside, session, attempt, run } = await attacked(t);
  const secret = join(outside, 'secret.txt');
  const s = await session([module('database', { write: true }), module('fs', { write: true })]);
  await run(s, `${open}; const fs = require('fs'); const db = open('d.db'); db.exec('CREATE TABLE t (a)')`);
  for (const call of [
    `writeFileSync('d.db-journal', 'x')`,
    `openSync('d.db-journal', 'wx')`,
    `copyFileSync('d.db', 'd.db-journal')`,
    `renameSync('d.db', 'e.db-journal')`,
  ])
    t.equal(await attempt(s, `fs.${call}`), 'EPERM', call);
  writeFileSync(join(tree, 'd.db-journal'), journalThatNames(secret));
  t.equal(await attempt(s, `db.query('SELECT * FROM t')`), 'EACCES', 'one that came while it was open');
  t.equal(await attempt(s, `open('d.db')`), 'EACCES', 'and one that was there before');
  t.equal(readFileSync(secret, 'utf8'), 'secret');

  // The attack works on whoever does not look: else this test would say nothing.
  copyFileSync(join(tree, 'd.db'), join(tree, 'e.db'));
  writeFileSync(join(outside, 'victim'), 'x');
  writeFileSync(join(tree, 'e.db-journal'), journalThatNames(join(outside, 'victim')));
  const careless = new Database(join(tree, 'e.db'));
  careless.pragma('schema_version');
  careless.close();
  t.equal(existsSync(join(outside, 'victim')), false);
});

t.test('links beside a database and links to nothing are not followed', async (t) => {
  const { tree, outside, folder, session, attempt, run } = await attacked(t);
  symlinkSync(join(folder, 'new.db'), join(tree, 'nothing.db'));
  symlinkSync(join(outside, 'j'), join(tree, 'j.db-journal'));
  symlinkSync(join(outside, 'w'), join(tree, 'j.db-wal'));
  symlinkSync(outside, join(tree, 'out'));
  const s = await session([module('database', { write: true }), folderGrant(folder)]);
  await run(s, open);
  t.match(await attempt(s, `open('nothing.db')`), /^E(?:EXIST|ACCES)$/);
  t.match(await attempt(s, `open('j.db').exec('CREATE TABLE t (a)')`), /^SQLITE_CANTOPEN/);
  t.equal(await attempt(s, `open('out/x.db')`), 'EACCES');
  t.same(readdirSync(outside), ['secret.txt']);
  t.same(readdirSync(folder), ['f.txt']);
});

t.test('reading where writing is not granted writes nothing', async (t) => {
  const { folder, session, attempt, run } = await attacked(t);
  for (const mode of ['wal', 'delete']) {
    const made = new Database(join(folder, `${mode}.db`));
    made.pragma(`journal_mode = ${mode}`);
    made.exec(`CREATE TABLE t (a); INSERT INTO t VALUES (1)`);
    made.close();
  }
  const before = readdirSync(folder);
  const s = await session([module('database', { write: true }), folderGrant(folder)]);
  await run(s, open);
  t.equal(
    await attempt(s, `open('${folder}/delete.db', { readonly: true }).query('SELECT a FROM t')[0].a`),
    1,
  );
  t.equal(await attempt(s, `open('${folder}/wal.db', { readonly: true })`), 'EROFS');
  t.equal(await attempt(s, `open('${folder}/delete.db')`), 'EACCES');
  for (const sql of ['INSERT INTO t VALUES (2) RETURNING a', 'DELETE FROM t'])
    t.match(
      await attempt(s, `open('${folder}/delete.db', { readonly: true }).exec('${sql}')`),
      /^SQLITE_READONLY/,
      sql,
    );
  t.same(readdirSync(folder), before);
});

t.test('a crafted database runs nothing', async (t) => {
  const { tree, session, attempt, run, faults } = await attacked(t);
  const made = new Database(join(tree, 'evil.db'));
  made.unsafeMode(true);
  made.exec(`CREATE TABLE t (a); INSERT INTO t VALUES (1);
    CREATE VIEW v AS SELECT load_extension('x') FROM t;
    CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT load_extension('x'); END;
    CREATE TRIGGER forever AFTER DELETE ON t BEGIN INSERT INTO t SELECT a FROM t, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n); END`);
  made.pragma('writable_schema = ON');
  made.exec(`INSERT INTO sqlite_schema VALUES ('table', 'b', 'b', 99999, 'CREATE TABLE b (a)')`);
  made.close();
  const bytes = readFileSync(join(tree, 'evil.db'));
  for (let at = 100; at < bytes.length; at += 97) bytes[at] = (bytes[at] ?? 0) ^ 0x55;
  writeFileSync(join(tree, 'broken.db'), bytes);
  const s = await session([module('database', { write: true })]);
  await run(s, open);
  for (const sql of ['SELECT * FROM v', 'INSERT INTO t VALUES (2)', 'SELECT * FROM b'])
    t.match(await attempt(s, `open('evil.db').exec(${text(sql)})`), /^SQLITE_/, sql);
  const stopped = await run(s, `open('evil.db').exec('DELETE FROM t')`, { timeoutMs: 1000 });
  t.match(stopped.status, /timeout|error/);
  t.match(await attempt(s, `open('broken.db').query('SELECT * FROM t')`), /^SQLITE_|^\[/);
  t.same(faults(), []);
});

t.test('answers, files, memory and handles are bounded', async (t) => {
  const { tree, session, attempt, run, faults } = await attacked(t);
  const s = await session([
    module('database', { write: true, maxRows: 1000, maxBytes: 100_000, maxFileBytes: 1024 * 1024 }),
  ]);
  await run(s, `${open}; const db = open('d.db')`);
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n)';
  for (const [sql, code] of [
    [`${endless} SELECT i FROM n`, /^ERR_RESULT_TOO_LARGE$/],
    [`SELECT zeroblob(1000000)`, /^ERR_RESULT_TOO_LARGE$/],
    [`SELECT hex(zeroblob(499999999))`, /^(?:DATABASE_GONE|SQLITE_(?:TOOBIG|NOMEM))$/],
    [`${endless} SELECT group_concat(hex(zeroblob(100000))) FROM n`, /^DATABASE_GONE$/],
    [`${endless} SELECT i, zeroblob(100000) AS z FROM n ORDER BY z`, /^DATABASE_GONE$/],
  ] as const)
    t.match(await attempt(s, `db.query('${sql}')`, { timeoutMs: 60_000 }), code, sql);
  await attempt(s, `db.exec('CREATE TABLE t (a)')`);
  const full = await attempt(s, `db.exec('${endless} INSERT INTO t SELECT randomblob(1000) FROM n')`, {
    timeoutMs: 60_000,
  });
  t.match(full, /^SQLITE_FULL/);
  t.ok(readFileSync(join(tree, 'd.db')).length <= 1024 * 1024);
  const wide = new Database(join(tree, 'wide.db'));
  wide.pragma('page_size = 65536');
  wide.exec('CREATE TABLE t (a)');
  wide.close();
  t.match(
    await attempt(s, `open('wide.db').exec('${endless} INSERT INTO t SELECT randomblob(1000) FROM n')`, {
      timeoutMs: 60_000,
    }),
    /^SQLITE_FULL/,
  );
  t.ok(readFileSync(join(tree, 'wide.db')).length <= 1024 * 1024, 'whatever its pages are');
  t.equal(await attempt(s, `Array.from({ length: 50 }, () => open(':memory:'))`), 'EMFILE');
  t.equal(await attempt(s, `db.query('SELECT ' + '1,'.repeat(1e6) + '1')`), 'ERR_INVALID_ARG_TYPE');
  t.equal(await attempt(s, `db.query('SELECT 1', Array(40000).fill(1))`), 'ERR_INVALID_ARG_TYPE');
  t.same(faults(), []);
});
