// Opens the database: its file private, its shape brought up to date, one that is damaged or newer left untouched.
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { migrations } from './migrations.js';

/**
 * The log grows by so many pages, 16 MiB, before it is moved into the database. That waits for the disk: with SQLite's
 * 1000, one call in a hundred would.
 */
const checkpointPages = 4000;

export type Connection = Database.Database;

/** A database that this version cannot use; its file was not changed. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/**
 * Opens or makes the database at `path` (`:memory:` for one that is not kept).
 * Throws {@link DatabaseError} for a file that is no database, is damaged, or belongs to a newer version.
 */
export function openDatabase(path: string): Connection {
  const inMemory = path === ':memory:';
  let connection: Connection | undefined;
  try {
    // Made by hand, so that it is never readable by others, not even for a moment.
    if (!inMemory && !existsSync(path)) closeSync(openSync(path, 'wx', 0o600));
    const version = inMemory ? 0 : readVersion(path);
    connection = new Database(path);
    if (!inMemory) chmodSync(path, 0o600);
    connection.pragma('journal_mode = WAL');
    connection.pragma('synchronous = NORMAL');
    connection.pragma(`wal_autocheckpoint = ${checkpointPages}`);
    connection.pragma('foreign_keys = ON');
    connection.pragma('busy_timeout = 2000');
    migrate(connection, version);
    return connection;
  } catch (error) {
    connection?.close();
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError(`database ${path}: ${reason(error)}`, { cause: error });
  }
}

/** Its version, read without a change to it: one that was not closed would otherwise be tidied up on the way. */
function readVersion(path: string): number {
  const connection = new Database(path, { readonly: true });
  try {
    const version = schemaVersion(connection);
    requireKnownVersion(path, version);
    return version;
  } finally {
    connection.close();
  }
}

function schemaVersion(connection: Connection): number {
  const exists = connection.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'schema_version_log'`).get();
  if (exists === undefined) {
    const other = connection.prepare(`SELECT 1 FROM sqlite_schema LIMIT 1`).get();
    if (other !== undefined) throw new Error('it holds tables of another program');
    return 0;
  }
  return Number(connection.prepare('SELECT max(version) FROM schema_version_log').pluck().get() ?? 0);
}

function requireKnownVersion(path: string, version: number): void {
  const known = migrations.at(-1)?.version ?? 0;
  if (version > known) {
    throw new DatabaseError(
      `database ${path}: its schema is version ${version}, this vmsysd knows up to ${known}; use the newer vmsysd that wrote it`,
    );
  }
}

function migrate(connection: Connection, from: number): void {
  const pending = migrations.filter(({ version }) => version > from);
  if (pending.length === 0) return;
  connection
    .transaction(() => {
      connection.exec(
        'CREATE TABLE IF NOT EXISTS schema_version_log (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)',
      );
      for (const { version, sql } of pending) {
        connection.exec(sql);
        connection
          .prepare('INSERT INTO schema_version_log (version, applied_at) VALUES (?, ?)')
          .run(version, new Date().toISOString());
      }
    })
    .immediate();
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'its folder does not exist; make it first';
  const fault =
    code === 'SQLITE_NOTADB'
      ? 'the file is not an SQLite database'
      : code.startsWith('SQLITE_CORRUPT')
        ? 'the file is damaged'
        : error instanceof Error
          ? error.message
          : String(error);
  return `${fault}; move the file away to start with an empty one`;
}
