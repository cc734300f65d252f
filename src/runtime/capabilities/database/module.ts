// The host module `database`: SQLite files inside what the template grants, and databases in memory. What is checked
// is checked here, in the session's worker; the queries run in a process of their own.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { deserialize } from 'node:v8';
import * as z from 'zod';
import type { HostValue } from '../../engine/module-host.js';
import { withExisting, type Anchor, type Place } from '../fs/anchor.js';
import { openFile, system } from '../fs/contents.js';
import { Reach } from '../fs/reach.js';
import { Held } from '../held.js';
import {
  HostError,
  type HostAnswer,
  type HostContext,
  type HostModule,
  type OpenHostModule,
  type RunEnd,
} from '../host-module.js';
import { faultOf } from './statements.js';
import { Params, type DatabaseRequest, type Row } from './messages.js';
import { DatabaseConfig, pageBytes } from './config.js';

const mebibyte = 1024 * 1024;

const greatestSql = mebibyte;
/** As SQLite makes them. */
const newFileMode = 0o644;
/** Where a database's header says how it is written and read: https://sqlite.org/fileformat2.html#the_database_header */
const versionsAt = 18;
const loggedVersion = 2;
const sql = z.string().max(greatestSql);
const params = Params;
const statement = z.tuple([z.int(), sql, params, z.boolean()]);
type Statement = z.infer<typeof statement>;

export const databaseModule: HostModule = {
  open: (given) => new DatabaseModule({ ...given, config: DatabaseConfig.parse(given.config) }),
};

class DatabaseModule implements OpenHostModule {
  readonly #context: HostContext<DatabaseConfig>;
  /** What each database was opened as, for the ledger. A number that is not here was given elsewhere, or before. */
  readonly #paths = new Held<string>();

  constructor(context: HostContext<DatabaseConfig>) {
    this.#context = context;
  }

  call(name: string, args: readonly HostValue[]): HostAnswer {
    switch (name) {
      case 'open':
        return this.#open(...parse(z.tuple([z.string().max(4096), z.boolean()]), args));
      case 'query':
        return this.#query(parse(statement, args));
      case 'exec':
        return this.#exec(parse(statement, args));
      case 'close':
        return this.#close(...parse(z.tuple([z.int()]), args));
      default:
        throw new HostError('ENOSYS', `database has no function ${JSON.stringify(name)}`);
    }
  }

  /** What the run opened, the database process closes, where it is to be closed. */
  runEnded({ state }: RunEnd): void {
    this.#paths.runEnded(state === 'kept');
  }

  #open(path: string, readonly: boolean): HostAnswer {
    const write = !readonly && path !== ':memory:';
    return about(path, { write }, () => {
      const opened =
        path === ':memory:' ? this.#ask(this.#opening(path, false, true)) : this.#openFile(path, readonly);
      const { database } = opened as { database: number };
      this.#paths.add(path, database);
      return { value: database, target: path, write };
    });
  }

  #openFile(path: string, readonly: boolean): HostValue {
    const { worktree, template, capabilities, closed, config } = this.#context;
    const reach = new Reach({ worktree, write: config.write, capabilities, closed });
    const base = worktree ?? '/no-worktree';
    const place: Place = { reach, base, template, worktree, module: 'database', capabilities };
    const access = readonly ? 'read' : 'write';
    const openThere = (): HostValue =>
      withExisting(place, path, { access, syscall: 'open' }, (anchor) => {
        const { stat, real, written } = anchor;
        if (!stat.isFile())
          throw new HostError('ENXIO', `ENXIO: not a file, open '${written}'`, { target: written });
        if (!reach.allows(real, 'write')) refuseLogged(anchor);
        return this.#ask(this.#opening(real, readonly, false));
      });
    try {
      return openThere();
    } catch (error) {
      if (readonly || !(error instanceof HostError) || error.code !== 'ENOENT') throw error;
      // Made here, empty: SQLite would follow a link to nothing and make the file where that leads.
      closeSync(openFile(place, path, 'wx', newFileMode));
      return openThere();
    }
  }

  #opening(path: string, readonly: boolean, create: boolean): DatabaseRequest {
    const maxPages = Math.max(1, Math.floor(this.#context.config.maxFileBytes / pageBytes));
    return { type: 'open', path, readonly, create, maxPages };
  }

  #query([database, text, values, inTransaction]: Statement): HostAnswer {
    const { maxRows, maxBytes } = this.#context.config;
    const target = this.#target(database, text);
    return about(target, {}, () => {
      requireHarmless(text);
      const asked = { database, sql: text, params: values, inTransaction };
      const answer = this.#ask({ type: 'query', ...asked, maxRows, maxBytes });
      const { rows, inTransaction: isOpen } = answer as { rows: Uint8Array; inTransaction: boolean };
      const value = { rows: deserialize(rows) as Row[], inTransaction: isOpen };
      return { value, target, bytes: rows.length };
    });
  }

  #exec([database, text, values, inTransaction]: Statement): HostAnswer {
    const target = this.#target(database, text);
    return about(target, {}, () => {
      requireHarmless(text);
      const asked = { database, sql: text, params: values, inTransaction };
      const answer = this.#ask({ type: 'exec', ...asked });
      const {
        changes,
        lastInsertRowid,
        inTransaction: isOpen,
      } = answer as { changes: number; lastInsertRowid: HostValue; inTransaction: boolean };
      return { value: { changes, lastInsertRowid, inTransaction: isOpen }, target };
    });
  }

  #close(database: number): HostAnswer {
    const target = this.#paths.take(database);
    if (target === undefined) return { value: undefined, target: '' }; // it was closed when the session left
    return about(target, {}, () => {
      this.#ask({ type: 'close', database });
      return { value: undefined, target };
    });
  }

  #ask(request: DatabaseRequest): HostValue {
    return this.#context.outside('database', request);
  }

  /** Throws DATABASE_GONE for one that this module did not open. */
  #target(database: number, text: string): string {
    const path = this.#paths.find(database);
    const shown = text.trim().slice(0, 200);
    if (path === undefined) throw new HostError('DATABASE_GONE', 'the database is closed', { target: shown });
    return `${path}: ${shown}`;
  }
}

/** What fails in `work` is in the ledger as what goes well is: with what it was about. */
function about(target: string, ledger: HostError['ledger'], work: () => HostAnswer): HostAnswer {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const { code, message, fields, denied } = error;
    const more = { ledger: { ...ledger, ...error.ledger }, target: error.target ?? target };
    throw new HostError(code, message, { fields, denied, ...more, cause: error });
  }
}

/** Throws EROFS for a database with a write-ahead log: whoever only reads it makes and writes files beside it. */
function refuseLogged({ path, real, written }: Anchor): void {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const descriptor = system('open', written, () => openSync(path, flags));
  try {
    const versions = Buffer.alloc(2);
    readSync(descriptor, versions, 0, 2, versionsAt);
    if (!versions.includes(loggedVersion)) return;
  } finally {
    closeSync(descriptor);
  }
  const message = `EROFS: database '${real}' has a write-ahead log, which even reading it writes, and the template does not let files beside it be written; copy it into the worktree, or have its owner run PRAGMA journal_mode = DELETE, open '${real}'`;
  throw new HostError('EROFS', message, { target: real });
}

function requireHarmless(text: string): void {
  const fault = faultOf(text);
  if (fault !== undefined) throw new HostError('EACCES', `SQL refused: ${fault}`, { denied: true });
}

function parse<Schema extends z.ZodType>(schema: Schema, args: readonly HostValue[]): z.infer<Schema> {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HostError(
    'ERR_INVALID_ARG_TYPE',
    `database: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}
