// What a session's scripts hold of the host, over everything that happens to the session's memory: no number means
// another thing than it was given for, and nothing is held for a memory that is gone.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Session } from '#src/records/index.js';
import { openTestRuntime, type TestRuntime } from '../../fixtures/runtime.js';
import { tempFolder } from '../../fixtures/temp.js';

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
