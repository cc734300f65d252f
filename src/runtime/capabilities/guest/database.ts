// The module `database`: SQLite. An open database of a session that slept, or whose query was stopped, is opened again
// at its next use; one in memory is gone with what it held. A transaction ends with its execution.
import { toData } from './encodings.js';

interface OpenOptions {
  readonly?: boolean;
}

/** What a savepoint is called, inside of others of the same name too: SQLite takes the innermost. */
const savepoint = 'vmsys';

type Params = readonly unknown[] | Readonly<Record<string, unknown>>;

class Database {
  readonly path: string;
  readonly readonly: boolean;
  #handle: number | undefined;
  #isOpen = true;
  /**
   * Whether one is open, as far as this memory knows; the host compares. It is not counted by who is inside of
   * `transaction`: who is stopped there does not come out.
   */
  #inTransaction = false;

  constructor(path: string, readonly: boolean) {
    this.path = path;
    this.readonly = readonly;
    this.#handle = this.#openNow();
  }

  /** The rows of a SELECT, or of another statement that gives rows. */
  query(sql: string, params: Params = []): Record<string, unknown>[] {
    const { rows } = this.#use('query', sql, params) as { rows: Record<string, unknown>[] };
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
    const isOuter = !this.#inTransaction;
    this.exec(isOuter ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${savepoint}`);
    try {
      const result = work(this);
      if (typeof (result as { then?: unknown } | null)?.then === 'function')
        throw new TypeError('transaction: expected a function that is done when it returns, got a promise');
      this.exec(isOuter ? 'COMMIT' : `RELEASE ${savepoint}`);
      return result;
    } catch (error) {
      try {
        this.exec(isOuter ? 'ROLLBACK' : `ROLLBACK TO ${savepoint}; RELEASE ${savepoint}`);
      } catch {
        // It is gone already; what failed first is what counts.
      }
      throw error;
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
    const text = String(sql);
    try {
      return this.#ask(name, text, bound);
    } catch (error) {
      const { code } = error as { code?: unknown };
      const wasInTransaction = this.#inTransaction;
      if (code === 'TRANSACTION_GONE' || code === 'DATABASE_GONE') this.#inTransaction = false;
      if (code !== 'DATABASE_GONE') throw error;
      this.#handle = undefined;
      if (this.path === ':memory:' || wasInTransaction) {
        throw Object.assign(
          new Error(
            'the database was closed while the session slept or was stopped; what was not in a file is gone',
          ),
          { code: 'DATABASE_GONE' },
        );
      }
      this.#handle = this.#openNow();
      return this.#ask(name, text, bound);
    }
  }

  #ask(name: 'query' | 'exec', sql: string, params: unknown): unknown {
    const answer = host(name, this.#handle, sql, params, this.#inTransaction) as { inTransaction: boolean };
    this.#inTransaction = answer.inTransaction;
    return answer;
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
