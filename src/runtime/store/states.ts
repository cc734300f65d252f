// The state of each session in the database: its image, how far that reaches, when its next timer is due; and the
// changes that lead back from it, one for each execution.
import type { ExecutionId, SessionId } from '../../records/index.js';
import type { Connection } from './database.js';
import { fromBlob, toBlob } from './pages-blob.js';

export interface StoredState {
  /** None for a session that is as it was when it started. */
  image?: number;
  /** Number of the last execution whose effect is in it, or was undone. */
  lastExecution: number;
  /** Milliseconds since the epoch; later by what no daemon was there since `absentMs`. */
  timerDueAt?: number;
  /** The absence of daemons, in all, that its timers allow for. */
  absentMs: number;
}

/** What leads from the memory after a call back to the one before. */
export interface StoredUndo {
  number: number;
  /** Number of the execution it undoes; none for a change that no execution made. */
  execution?: number;
  heapEnd: number;
  pages: Uint32Array;
  data: Uint8Array;
}

interface StateRow {
  image: number | null;
  last_execution: number;
  timer_due_at: number | null;
  absent_ms: number;
}

interface UndoRow {
  number: number;
  execution: number | null;
  heap_end: number;
  pages: Uint8Array;
  data: Uint8Array;
}

export class StateStore {
  readonly #find;
  readonly #save;
  readonly #due;
  readonly #undos;
  readonly #lastUndo;
  readonly #insertUndo;
  readonly #trimUndos;
  readonly #dropUndos;
  readonly #delete;
  readonly #bytes;
  readonly #lost;

  constructor(db: Connection) {
    this.#find = db.prepare<[string], StateRow>(
      `SELECT image, last_execution, timer_due_at, absent_ms FROM states WHERE session_id = ?`,
    );
    this.#save = db.prepare(
      `INSERT OR REPLACE INTO states (session_id, image, last_execution, timer_due_at, absent_ms) VALUES (?, ?, ?, ?, ?)`,
    );
    this.#due = db.prepare<[number], { session: SessionId; dueAt: number }>(
      `SELECT session_id AS session, timer_due_at + ? - absent_ms AS dueAt FROM states JOIN sessions ON id = session_id
       WHERE timer_due_at IS NOT NULL AND status = 'ready'`,
    );
    this.#undos = db.prepare<[string], UndoRow>(`SELECT * FROM undos WHERE session_id = ? ORDER BY number`);
    this.#lastUndo = db
      .prepare<[string], number | null>(`SELECT max(number) FROM undos WHERE session_id = ?`)
      .pluck();
    this.#insertUndo = db.prepare(
      `INSERT OR REPLACE INTO undos (session_id, number, execution, heap_end, pages, data) VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#trimUndos = db.prepare(
      `DELETE FROM undos WHERE session_id = :session AND (number < :first OR number > :last OR number <
       (SELECT number FROM undos WHERE session_id = :session AND execution IS NOT NULL AND number <= :last
        ORDER BY number DESC LIMIT 1 OFFSET max(0, :executions - 1)))`,
    );
    this.#delete = db.prepare(`DELETE FROM states WHERE session_id = ?`);
    this.#dropUndos = db.prepare(`DELETE FROM undos WHERE session_id = ?`);
    this.#bytes = db
      .prepare<[string, string, string], number>(
        `SELECT (SELECT coalesce(sum(bytes), 0) FROM images WHERE number IN
           (SELECT image FROM states WHERE session_id = ? UNION SELECT image FROM checkpoints WHERE session_id = ?)
           AND number NOT IN (SELECT image FROM warm_starts))
         + (SELECT coalesce(sum(length(pages) + length(data)), 0) FROM undos WHERE session_id = ?)`,
      )
      .pluck();
    this.#lost = db.prepare<[], { session: SessionId; execution: ExecutionId }>(
      `SELECT s.id AS session, e.id AS execution FROM sessions s
       LEFT JOIN states t ON t.session_id = s.id
       JOIN executions e ON e.session_id = s.id AND e.number > coalesce(t.last_execution, 0)
       WHERE s.status = 'ready' AND e.state = 'kept' AND e.kind <> 'startup' ORDER BY e.number`,
    );
  }

  /** The state of a session; a fresh one where it has none. */
  find(session: SessionId): StoredState {
    const row = this.#find.get(session);
    if (row === undefined) return { lastExecution: 0, absentMs: 0 };
    return {
      lastExecution: row.last_execution,
      absentMs: row.absent_ms,
      ...(row.image === null ? {} : { image: row.image }),
      ...(row.timer_due_at === null ? {} : { timerDueAt: row.timer_due_at }),
    };
  }

  save(session: SessionId, { image, lastExecution, timerDueAt, absentMs }: StoredState): void {
    this.#save.run(
      session,
      image ?? null,
      lastExecution,
      timerDueAt === undefined ? null : Math.ceil(timerDueAt),
      Math.round(absentMs),
    );
  }

  /** Ready sessions with a timer, and when it is due where daemons were absent for so long in all. */
  due(absentMs: number): { session: SessionId; dueAt: number }[] {
    return this.#due.all(absentMs);
  }

  /** Number of the newest undo; 0 where there is none. */
  lastUndo(session: SessionId): number {
    return this.#lastUndo.get(session) ?? 0;
  }

  /** Oldest first. */
  undos(session: SessionId): StoredUndo[] {
    return this.#undos.all(session).map(({ execution, heap_end: heapEnd, pages, ...row }) => ({
      ...row,
      heapEnd,
      pages: fromBlob(pages),
      ...(execution === null ? {} : { execution }),
    }));
  }

  addUndo(session: SessionId, { number, execution, heapEnd, pages, data }: StoredUndo): void {
    this.#insertUndo.run(session, number, execution ?? null, heapEnd, toBlob(pages), data);
  }

  /** Deletes all undos of the session but those from `first` to `last`, and of these all before so many executions. */
  keepUndos(session: SessionId, range: { first: number; last: number; executions: number }): void {
    this.#trimUndos.run({ session, ...range });
  }

  dropUndos(session: SessionId): void {
    this.#dropUndos.run(session);
  }

  /** Deletes the session's state and its undos. */
  delete(session: SessionId): void {
    this.#delete.run(session);
    this.dropUndos(session);
  }

  /** Bytes that a session takes in the database beyond its template: image, checkpoints and undos. */
  bytes(session: SessionId): number {
    return this.#bytes.get(session, session, session) ?? 0;
  }

  /** Executions that changed a ready session and are not in its stored state: lost, if the daemon just started. */
  lost(): Map<SessionId, ExecutionId[]> {
    const lost = new Map<SessionId, ExecutionId[]>();
    for (const { session, execution } of this.#lost.all()) {
      const of = lost.get(session) ?? [];
      of.push(execution);
      lost.set(session, of);
    }
    return lost;
  }
}
