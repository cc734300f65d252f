// A process of its own for the databases of one session: SQLite cannot be interrupted from outside, so a query that
// runs too long is ended with its process. It does one request after the other and knows nothing of sessions.
import { readdirSync, readlinkSync } from 'node:fs';
import { serialize } from 'node:v8';
import Database from 'better-sqlite3';
import { Held } from '../held.js';
import { pageBytes } from './config.js';
import { namesAnother } from './journal.js';
import type { DatabaseAnswer, DatabaseRequest, Row, RunEnded, Scalar } from './messages.js';
import { watchOver } from './watch.js';

type Connection = Database.Database;

/** Waiting for another program's lock; the execution's time ends it sooner. */
const busyMs = 5000;
const greatestOpen = 16;
const greatestText = 64 * 1024 * 1024;

const open = new Held<Connection>();

const transactionGone =
  'the transaction is not open any more, and what was not committed is undone: it ends with its execution, and with some errors; begin anew';

const refused = (code: string, message: string): DatabaseAnswer => ({ type: 'refused', code, message });

function answer(request: DatabaseRequest): DatabaseAnswer {
  if (request.type === 'open') return openOne(request);
  const connection = open.find(request.database);
  if (connection === undefined) return refused('DATABASE_GONE', 'the database is closed');
  for (const { name, memory } of open.all) if (!memory) refuseJournal(name);
  if (request.type === 'close') {
    open.take(request.database);
    connection.close();
    return { type: 'closed' };
  }
  // What follows would be written for itself, and what a script takes for a part of it is undone.
  if (request.inTransaction && !connection.inTransaction) return refused('TRANSACTION_GONE', transactionGone);
  const outcome =
    request.type === 'query'
      ? ({ type: 'rows', rows: serialize(rowsOf(connection, request)) } as const)
      : execute(connection, request);
  return { ...outcome, inTransaction: connection.inTransaction };
}

/** A transaction ends with its run, and so does what a run opened that is not known any more. */
function endRun({ isKept }: RunEnded): void {
  for (const [number, connection] of open.entries) {
    if (!connection.inTransaction) continue;
    try {
      connection.exec('ROLLBACK');
    } catch {
      // To close it undoes the transaction as well.
      open.take(number)?.close();
    }
  }
  for (const connection of open.runEnded(isKept)) connection.close();
}

function openOne({ path, readonly, create, maxPages }: DatabaseRequest & { type: 'open' }): DatabaseAnswer {
  if (open.size >= greatestOpen)
    return refused('EMFILE', `${greatestOpen} databases are open, the most that may be; close one`);
  if (path !== ':memory:') refuseJournal(path);
  const before = new Set(openFiles());
  const connection = new Database(path, { readonly, fileMustExist: !create, timeout: busyMs });
  try {
    // Before anything is read: a database that its path leads to by now would be recovered by that.
    if (path !== ':memory:') requireOnly(path, before);
    connection.defaultSafeIntegers(true);
    connection.pragma('temp_store = MEMORY');
    connection.pragma('mmap_size = 0');
    connection.pragma('trusted_schema = OFF');
    connection.pragma('cell_size_check = ON');
    const pageSize = Number(connection.pragma('page_size', { simple: true }));
    connection.pragma(`max_page_count = ${Math.max(1, Math.floor((maxPages * pageBytes) / pageSize))}`);
    // Reads the file in fact, and opens what belongs to it.
    connection.pragma('schema_version');
    if (path !== ':memory:') requireOnly(path, before);
  } catch (error) {
    connection.close();
    throw error;
  }
  return { type: 'opened', database: open.add(connection) };
}

/** What is open now and was not before must be what was asked for, and not where a link led meanwhile. */
function requireOnly(path: string, before: ReadonlySet<string>): void {
  const expected = new Set(['', '-wal', '-shm', '-journal'].map((ending) => path + ending));
  const now = openFiles();
  const strange = now.some((file) => isData(file) && !before.has(file) && !expected.has(file));
  if (strange || !now.includes(path))
    throw Object.assign(new Error('its path led elsewhere meanwhile'), { code: 'EACCES' });
}

function refuseJournal(path: string): void {
  if (!namesAnother(path)) return;
  throw Object.assign(
    new Error(`the journal of '${path}' names another file, which to play it back would remove; remove it`),
    { code: 'EACCES' },
  );
}

function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return []; // the folder itself, closed by now
    }
  });
}

const isData = (file: string): boolean => file.startsWith('/') && !/^\/(?:dev|proc)\//.test(file);

function rowsOf(
  connection: Connection,
  { sql, params, maxRows, maxBytes }: DatabaseRequest & { type: 'query' },
): Row[] {
  const statement = connection.prepare(sql);
  if (!statement.reader)
    throw Object.assign(new Error('query: the statement gives no rows; use exec'), { code: 'ERR_NO_ROWS' });
  const rows: Row[] = [];
  let bytes = 0;
  for (const row of statement.iterate(...bindings(params)) as Iterable<Record<string, unknown>>) {
    const entries = Object.entries(row).map(([name, value]) => [name, toScalar(value)] as const);
    bytes += entries.reduce((sum, [name, value]) => sum + name.length + sizeOf(value), 0);
    if (rows.length >= maxRows || bytes > maxBytes) {
      const most = rows.length >= maxRows ? `${maxRows} rows` : `${maxBytes} bytes`;
      throw Object.assign(
        new Error(`query: the result is more than ${most}, the most that may be; add a LIMIT`),
        {
          code: 'ERR_RESULT_TOO_LARGE',
        },
      );
    }
    rows.push(Object.fromEntries(entries));
  }
  return rows;
}

function execute(
  connection: Connection,
  { sql, params }: DatabaseRequest & { type: 'exec' },
): Omit<DatabaseAnswer & { type: 'done' }, 'inTransaction'> {
  const hasParams = Array.isArray(params) ? params.length > 0 : Object.keys(params).length > 0;
  const statement = hasParams ? connection.prepare(sql) : undefined;
  if (statement?.reader === false) {
    const { changes, lastInsertRowid } = statement.run(...bindings(params));
    return { type: 'done', changes, lastInsertRowid: toScalar(lastInsertRowid) };
  }
  const before = totalChanges(connection);
  // One with RETURNING changes rows and gives rows.
  if (statement === undefined) connection.exec(sql);
  else statement.all(...bindings(params));
  const last = connection.prepare('SELECT last_insert_rowid() AS id').get() as { id: bigint };
  return { type: 'done', changes: totalChanges(connection) - before, lastInsertRowid: toScalar(last.id) };
}

const totalChanges = (connection: Connection): number =>
  Number((connection.prepare('SELECT total_changes() AS n').get() as { n: bigint }).n);

function bindings(params: (DatabaseRequest & { type: 'query' })['params']): unknown[] {
  if (Array.isArray(params)) return params.map(fromScalar);
  const named = Object.entries(params).map(([name, value]) => [
    name.replace(/^[:@$]/, ''),
    fromScalar(value),
  ]);
  return named.length === 0 ? [] : [Object.fromEntries(named)];
}

function fromScalar(value: Scalar): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return BigInt(value.bigint);
}

function toScalar(value: unknown): Scalar {
  if (typeof value !== 'bigint') return value as Scalar;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { bigint: String(value) };
}

function sizeOf(value: Scalar): number {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    if (value.length > greatestText) return Infinity;
    return value.length;
  }
  return 8;
}

process.on('message', (request: DatabaseRequest | RunEnded) => {
  if (request.type === 'runEnded') return endRun(request);
  let reply: DatabaseAnswer;
  try {
    reply = answer(request);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERR_DATABASE';
    reply = refused(code, error instanceof Error ? error.message : String(error));
  }
  process.send?.(reply);
});
process.on('disconnect', () => process.exit(0));
const parent = process.ppid;
process.send?.({ type: 'ready' });
watchOver(parent);
