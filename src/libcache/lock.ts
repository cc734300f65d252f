// The lock that keeps all processes with one cache folder from changing its manifest at once. The kernel holds it
// (fcntl, through SQLite), so that it is free the moment its process ends, kill -9 included. The file says nothing.
import Database from 'better-sqlite3';
import { messageOf, unavailable } from './errors.js';

/** A change of the manifest takes milliseconds; whoever holds the lock this long is stopped or stuck. */
export const patienceMs = 10_000;
const retryMs = 10;

/**
 * Runs `work` while no other process, and no other caller in this one, holds the lock on `path`: a file of mode 0600
 * that is made where it does not exist (its folder must), and that nobody may open by other means.
 * Rejects with LIBRARY_UNAVAILABLE where it cannot be had by `deadline`, a time as of `Date.now()`; it is tried once
 * even so.
 */
export async function withLock<Result>(
  path: string,
  deadline: number,
  work: () => Promise<Result>,
): Promise<Result> {
  let release = tryLock(path);
  while (release === undefined) {
    if (Date.now() > deadline)
      throw unavailable('locked', `waited ${patienceMs} ms for ${path}: another process holds it; try again`);
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    release = tryLock(path);
  }
  try {
    return await work();
  } finally {
    release();
  }
}

function tryLock(path: string): (() => void) | undefined {
  let database: Database.Database | undefined;
  const before = process.umask(0o077);
  try {
    database = new Database(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    const next = 'see that its folder can be written; the file itself holds nothing, and may be removed';
    throw unavailable('disk', `cannot lock ${path}: ${messageOf(error)}; ${next}`, { cause: error });
  } finally {
    process.umask(before);
  }
  const held = database;
  return () => void held.close();
}
