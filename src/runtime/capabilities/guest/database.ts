// The module `database`: SQLite. An open database of a session that slept, or whose query was stopped, is opened again
// at its next use; one in memory is gone with what it held.
import { toData } from './encodings.js';

interface OpenOptions {
  readonly?: boolean;
}

type Params = readonly unknown[] | Readonly<Record<string, unknown>>;

class Database {
  readonly path: string;
  readonly readonly: boolean;
  #handle: number | undefined;
  #isOpen = true;
  #depth = 0;

  constructor(path: string, readonly: boolean) {
    this.path = path;
    this.readonly = readonly;
    this.#handle = this.#openNow();
  }

  /** The rows of a SELECT, or of another statement that gives rows. */
  query(sql: string, params: Params = []): Record<string, unknown>[] {
    const rows = this.#use('query', sql, params) as Record<string, unknown>[];
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, fromHost(value)])),
    );
  }

  /** Runs one statement with parameters, or several without. */
  exec(sql: string, params: Params = []): { changes: number; lastInsertRowid: unknown } {
    const { changes, lastInsertRowid } = this.#use('exec', sql, params) as {
      changes: number;
      lastInsertRowid: unknown;
    };
    return { changes, lastInsertRowid: fromHost(lastInsertRowid) };
  }

  /** Runs `work` in a transaction: all of it is kept, or where it throws nothing. */
  transaction<T>(work: (database: this) => T): T {
    const name = `vmsys_${this.#depth}`;
    const isOuter = this.#depth === 0;
    this.exec(isOuter ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${name}`);
    this.#depth += 1;
    try {
      const result = work(this);
      if (typeof (result as { then?: unknown } | null)?.then === 'function')
        throw new TypeError('transaction: expected a function that is done when it returns, got a promise');
      this.exec(isOuter ? 'COMMIT' : `RELEASE ${name}`);
      return result;
    } catch (error) {
      try {
        this.exec(isOuter ? 'ROLLBACK' : `ROLLBACK TO ${name}; RELEASE ${name}`);
      } catch {
        // It is gone with its database; what failed first is what counts.
      }
      throw error;
    } finally {
      this.#depth -= 1;
    }
  }

  close(): void {
    const handle = this.#handle;
    this.#isOpen = false;
    this.#handle = undefined;
    if (handle !== undefined) host('close', handle);
  }

  #openNow(): number {
    return host('open', this.path, this.readonly) as number;
  }

  #use(name: 'query' | 'exec', sql: string, params: Params): unknown {
    if (!this.#isOpen) throw Object.assign(new Error('the database is closed'), { code: 'ERR_CLOSED' });
    const bound = Array.isArray(params)
      ? params.map(toHost)
      : Object.fromEntries(Object.entries(params).map(([key, value]) => [key, toHost(value)]));
    this.#handle ??= this.#openNow();
    try {
      return host(name, this.#handle, String(sql), bound);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'DATABASE_GONE') {
        if ((error as { code?: unknown }).code === 'ECANCELED') this.#handle = undefined;
        throw error;
      }
      this.#handle = undefined;
      if (this.path === ':memory:' || this.#depth > 0) {
        throw Object.assign(
          new Error(
            'the database was closed while the session slept or was stopped; what was not in a file is gone',
          ),
          { code: 'DATABASE_GONE' },
        );
      }
      this.#handle = this.#openNow();
      return host(name, this.#handle, String(sql), bound);
    }
  }
}

function toHost(value: unknown): unknown {
  switch (typeof value) {
    case 'boolean':
      return value ? 1 : 0;
    case 'bigint':
      return { bigint: String(value) };
    case 'undefined':
      return null;
    case 'object':
      return value === null ? null : toData(value);
    default:
      return value;
  }
}

function fromHost(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return BigInt((value as { bigint: string }).bigint);
}

/** Opens a database: a path, or `:memory:`. Made where there is none, unless it is `readonly`. */
export function open(path: string, options: OpenOptions = {}): Database {
  return new Database(String(path), options.readonly === true);
}
