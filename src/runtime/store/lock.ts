// A path to a lock that one process holds for its life. The kernel holds it (fcntl, through SQLite), so that it is
// released however the process ends, kill -9 included; the file itself is left behind and says nothing.
import Database from 'better-sqlite3';

export interface Lock {
  /** Gives the lock up. Idempotent. */
  release(): void;
}

/**
 * Takes the lock on `path`, a file of mode 0600 that is made where it does not exist (its folder must).
 * `undefined` where somebody holds it, in this process or another. Never open the file by other means in the
 * process that holds it: closing any descriptor of it would drop the lock. https://sqlite.org/howtocorrupt.html
 */
export function acquireLock(path: string): Lock | undefined {
  const before = process.umask(0o077);
  let database: Database.Database;
  try {
    database = new Database(path, { timeout: 0 });
  } finally {
    process.umask(before);
  }
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  return { release: () => void database.close() };
}
