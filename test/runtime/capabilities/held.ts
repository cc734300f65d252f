// What a session's scripts hold of the host, over everything that happens to the session's memory: no number means
// another thing than it was given for, and nothing is held for a memory that is gone.
import Database from 'better-sqlite3';
import { mkdirSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import type { Session } from '#src/records/index.js';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { tempFolder } from '../../fixtures/temp.js';
import { until } from '../../fixtures/until.js';

const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n';

async function makeWorld(t: Test): Promise<{ runtime: TestRuntime; tree: string; session: Session }> {
  const tree = join(tempFolder(t), 'tree');
  mkdirSync(tree);
  const runtime = await openTestRuntime(t);
  const { id } = runtime.templates.create({
    name: 't',
    capabilities: ['database', 'fs'].map((name) => ({ kind: 'global', name, config: { write: true } })),
  });
  return { runtime, tree, session: await runtime.sessions.create({ template: id, worktree: tree }) };
}

/** Nothing of what is gone meanwhile. */
const unlessGone = <T>(read: () => T[]): T[] => {
  try {
    return read();
  } catch {
    return [];
  }
};

/** Names of the files of this folder that some process has open. */
const openFiles = (folder: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) =>
      unlessGone(() => readdirSync(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`)),
    )
    .flatMap((link) => unlessGone(() => [readlinkSync(link)]))
    .filter((path) => path.startsWith(folder))
    .map((path) => basename(path))
    .toSorted();

/** Opens two databases whose one table holds their name. */
const openTwo = `
  const [a, b] = ['a', 'b'].map((name) => {
    const db = database.open(name + '.db');
    db.exec('CREATE TABLE IF NOT EXISTS t (v)');
    db.exec('INSERT INTO t VALUES (?)', [name]);
    return db;
  });
  const all = (db) => db.query('SELECT v FROM t ORDER BY rowid').map(({ v }) => v).join();
  1`;

t.test('databases stay the ones they were, in whatever order they are used after a sleep', async (t) => {
  const { runtime, session } = await makeWorld(t);
  await runtime.value(session, openTwo);
  await runtime.sessions.hibernate(session.id);
  t.same(await runtime.value(session, `[all(b), all(a)]`), ['b', 'a']);
  await runtime.sessions.hibernate(session.id);
  await runtime.value(session, `all(b); a.exec("INSERT INTO t VALUES ('more')"); 1`);
  t.same(await runtime.value(session, `[all(a), all(b)]`), ['a,more', 'b']);
  const fork = await runtime.states.fork(session.id);
  t.same(await runtime.value(fork, `[all(b), all(a)]`), ['b', 'a,more'], 'and in a fork');
});

t.test('a query that is stopped in one database leaves the others theirs', async (t) => {
  const { runtime, session } = await makeWorld(t);
  await runtime.value(session, openTwo);
  const stopped = await runtime.run(session, `b.query('${endless}')`, { timeoutMs: 300 });
  t.equal(stopped.status, 'timeout');
  await runtime.value(session, `all(b); a.exec("INSERT INTO t VALUES ('more')"); 1`);
  t.same(await runtime.value(session, `[all(a), all(b)]`), ['a,more', 'b']);
});

t.test('one that was opened to be read stays so', async (t) => {
  const { runtime, session } = await makeWorld(t);
  await runtime.value(session, openTwo);
  await runtime.value(session, `const reader = database.open('a.db', { readonly: true }); 1`);
  await runtime.sessions.hibernate(session.id);
  const insert = `reader.exec("INSERT INTO t VALUES ('x')")`;
  t.equal(await runtime.value(session, `all(b); try { ${insert} } catch (e) { e.code }`), 'SQLITE_READONLY');
  t.same(await runtime.value(session, `[all(a), all(b)]`), ['a', 'b']);
});

const begunIn = `a.transaction(() => { a.exec("INSERT INTO t VALUES ('lost')"); for (;;); })`;

t.test('a transaction ends with the execution that was stopped in it', async (t) => {
  const { runtime, tree, session } = await makeWorld(t);
  await runtime.value(session, openTwo);
  t.match(await runtime.run(session, begunIn, { timeoutMs: 300 }), { status: 'timeout', state: 'kept' });
  const other = new Database(join(tree, 'a.db'));
  other.exec(`INSERT INTO t VALUES ('other')`);
  other.close();
  const more = `a.transaction(() => a.exec("INSERT INTO t VALUES ('more')")).changes`;
  t.equal(await runtime.value(session, `try { ${more} } catch (e) { e.code }`), 'TRANSACTION_GONE', 'once');
  t.equal(await runtime.value(session, more), 1);
  t.equal(await runtime.value(session, `all(a)`), 'a,other,more');
  await runtime.sessions.hibernate(session.id);
  t.equal(await runtime.value(session, `all(a)`), 'a,other,more');
});

t.test('where the session went back, it knows of no transaction, and none is open', async (t) => {
  const { runtime, session } = await makeWorld(t);
  await runtime.value(session, openTwo);
  const stopped = await runtime.run(session, begunIn, { timeoutMs: 300, onFailure: 'rollback' });
  t.match(stopped, { status: 'timeout', state: 'rolled_back' });
  t.equal(await runtime.value(session, `a.exec("INSERT INTO t VALUES ('more')").changes`), 1);
  await runtime.sessions.hibernate(session.id);
  t.equal(await runtime.value(session, `all(a)`), 'a,more');
});

t.test(
  'a transaction of the script’s own ends with its execution, and whoever goes on is told',
  async (t) => {
    const { runtime, session } = await makeWorld(t);
    await runtime.value(session, openTwo);
    const begin = `a.exec('BEGIN'); a.exec("INSERT INTO t VALUES ('lost')"); 1`;
    for (const sleeps of [false, true]) {
      await runtime.value(session, begin);
      if (sleeps) await runtime.sessions.hibernate(session.id);
      const next = `try { a.exec("INSERT INTO t VALUES ('and on')") } catch (e) { e.code }`;
      t.equal(await runtime.value(session, next), sleeps ? 'DATABASE_GONE' : 'TRANSACTION_GONE');
      t.equal(await runtime.value(session, `all(a)`), 'a');
    }
    const nested = `a.exec('BEGIN'); a.transaction(() => a.exec("INSERT INTO t VALUES ('in')")); a.exec('COMMIT'); all(a)`;
    t.equal(await runtime.value(session, nested), 'a,in', 'in one execution it is as ever');
  },
);

t.test('a transaction that SQLite itself ended takes nothing more', async (t) => {
  const { runtime, session } = await makeWorld(t);
  await runtime.value(session, openTwo);
  const code = `
    a.exec('CREATE TABLE u (v UNIQUE)'); a.exec('INSERT INTO u VALUES (1)');
    try {
      a.transaction(() => {
        a.exec("INSERT INTO t VALUES ('lost')");
        try { a.exec('INSERT OR ROLLBACK INTO u VALUES (1)') } catch {}
        a.exec("INSERT INTO t VALUES ('alone')");
      });
    } catch (e) { e.code }`;
  t.equal(await runtime.value(session, code), 'TRANSACTION_GONE');
  t.equal(await runtime.value(session, `all(a)`), 'a');
});

t.test('what a run opened is closed where it is rolled back', async (t) => {
  const { runtime, session } = await makeWorld(t);
  const open = `fs.openSync('x', 'a'); database.open('a.db'); throw new Error('no')`;
  for (let count = 0; count < 66; count++) {
    const failed = await runtime.run(session, open, { onFailure: 'rollback' });
    t.match(failed, { error: { message: 'no' }, state: 'rolled_back' });
  }
  t.equal(
    await runtime.value(session, `typeof fs.openSync('x', 'a') + typeof database.open('a.db')`),
    'numberobject',
  );
});

t.test('what is open is closed where the session is taken back', async (t) => {
  const { runtime, tree, session } = await makeWorld(t);
  await runtime.value(session, openTwo);
  const { id } = await runtime.run(
    session,
    `const file = fs.openSync('x', 'a'); const c = database.open('c.db'); 1`,
  );
  await until('all is open', () => openFiles(tree).join() === 'a.db,b.db,c.db,x');
  await runtime.states.rollback(session.id, { execution: id });
  await until('nothing is open', () => openFiles(tree).length === 0);
  t.same(await runtime.value(session, `[all(b), all(a)]`), ['b', 'a']);
});

t.test('a descriptor of before a sleep is no other file’s', async (t) => {
  const { runtime, tree, session } = await makeWorld(t);
  await runtime.value(session, `const one = fs.openSync('one', 'a'); fs.writeSync(one, '1'); 1`);
  await runtime.sessions.hibernate(session.id);
  await runtime.value(session, `const two = fs.openSync('two', 'a'); fs.writeSync(two, '2'); 1`);
  t.equal(await runtime.value(session, `try { fs.writeSync(one, '!') } catch (e) { e.code }`), 'EBADF');
  t.equal(readFileSync(join(tree, 'two'), 'utf8'), '2');
});
