// What is kept, for how long, and what is put right after a runtime that did not stop cleanly.
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { newId, type Execution } from '#src/records/index.js';
import { Store } from '#src/runtime/store/store.js';
import { openTestRuntime } from '../../fixtures/runtime.js';
import { tempFolder } from '../../fixtures/temp.js';
import { join } from 'node:path';

const now = '2026-01-01T00:00:00.000Z';

/** A store with one ready session. */
async function storeWithSession(t: Test) {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({ name: 'one' });
  await runtime.close();
  const store = new Store(runtime.database);
  t.teardown(() => store.close());
  const execution = (change: Partial<Execution> = {}): Execution => ({
    id: newId('exe'),
    sessionId: session.id,
    kind: 'repl',
    code: '1',
    status: 'running',
    state: 'kept',
    startedAt: now,
    metrics: { cpuMs: 0, events: 0, outputBytes: 0, memoryBytes: 0 },
    ...change,
  });
  const add = (endedAt: string): number => {
    const begun = execution();
    const number = store.executions.begin(begun);
    store.executions.end(number, { ...begun, status: 'ok', endedAt }, [
      { seq: 1, ts: endedAt, type: 'input_echo', payload: { text: '1' } },
    ]);
    return number;
  };
  return { store, session, execution, add, database: runtime.database };
}

t.test('old executions go by age and by count, with their events, and running ones stay', async (t) => {
  const { store, execution, add, database } = await storeWithSession(t);
  const running = execution();
  store.executions.begin(running);
  for (let day = 1; day <= 9; day++) add(`2026-01-0${day}T00:00:00.000Z`);
  t.equal(store.executions.prune('2026-01-04T00:00:00.000Z', 1000), 3, 'by age');
  t.equal(store.executions.total(), 7);
  t.equal(store.executions.prune('2000-01-01', 2), 4, 'by count');
  t.equal(store.executions.total(), 3);
  t.ok(store.executions.find(running.id));
  t.equal(store.executions.prune('2000-01-01', 2), 0);
  const db = new Database(database);
  t.equal(db.prepare('SELECT count(*) FROM events').pluck().get(), 2);
  db.close();
});

t.test('a runtime prunes when it opens, as it is told', async (t) => {
  const runtime = await openTestRuntime(t);
  const session = await runtime.sessions.create({});
  for (let n = 0; n < 10; n++) await runtime.run(session, `globalThis.n = ${n}`);
  await runtime.close();
  const again = await openTestRuntime(t, { database: runtime.database, history: { maxExecutions: 4 } });
  t.equal(again.summary().executions.total, 4);
  t.equal(await again.value(session, 'n'), 9, 'the state stays');
  t.match(again.logs, [{ level: 'info', message: 'pruned 6 old executions' }]);
});

t.test('what was running was interrupted, what was starting crashed, what was ready is ready', async (t) => {
  const { store, session, execution } = await storeWithSession(t);
  const running = execution();
  const number = store.executions.begin(running);
  store.executions.append(number, [{ seq: 1, ts: now, type: 'input_echo', payload: { text: '1' } }]);
  const starting = { ...session, id: newId('ses'), name: 'two', status: 'starting' as const };
  t.ok(store.sessions.insert(starting));
  store.recover('2026-02-02T00:00:00.000Z');
  t.match(store.executions.find(running.id)?.execution, {
    status: 'interrupted',
    state: 'rolled_back',
    endedAt: '2026-02-02T00:00:00.000Z',
    error: { name: 'InterruptedError', message: /daemon went away/ },
  });
  t.equal(store.executions.events(number, 0, 10).length, 1, 'what it printed is kept');
  t.match(store.sessions.find('two'), { status: 'crashed', lastError: /daemon went away/ });
  t.match(store.sessions.find('one'), { status: 'ready' });
});

t.test('a session names the executions whose effect was lost, the latest twenty of them', async (t) => {
  const { store, add } = await storeWithSession(t);
  store.recover(now);
  t.notOk(store.sessions.find('one')?.lastError);
  const numbers = Array.from({ length: 25 }, () => add(now));
  store.recover(now);
  const { lastError = '' } = store.sessions.find('one') ?? {};
  t.match(lastError, /effect of these executions on the session is lost/);
  t.equal(lastError.match(/exe_/g)?.length, 20);
  t.match(lastError, /and 5 before them/);
  t.equal(numbers.length, 25);
});

t.test('an execution and its events are written together or not at all', async (t) => {
  const { store, execution } = await storeWithSession(t);
  const begun = execution();
  const number = store.executions.begin(begun);
  const event = { seq: 1, ts: now, type: 'input_echo', payload: { text: 'twice' } } as const;
  t.throws(() => store.executions.end(number, { ...begun, status: 'ok' }, [event, event]), {
    code: /^SQLITE_CONSTRAINT/,
  });
  t.match(store.executions.find(begun.id)?.execution, { status: 'running' });
  t.strictSame(store.executions.events(number, 0, 10), []);
});

t.test('a database is the same after it was closed and opened by another program', async (t) => {
  const path = join(tempFolder(t), 'v.db');
  new Store(path).close();
  const db = new Database(path);
  t.equal(db.pragma('integrity_check', { simple: true }), 'ok');
  t.strictSame(db.pragma('foreign_key_check'), []);
  db.close();
});
