// Executions and their events in the database. One transaction writes all that a short call came to, so that a record
// is never half there; of a long one, that it runs and what it prints is written as it comes.
import * as z from 'zod';
import { Event, Execution, HostCall, type ExecutionStatus, type SessionId } from '../../records/index.js';
import type { Connection } from './database.js';

interface ExecutionRow {
  number: number;
  id: string;
  session_id: string;
  kind: string;
  code: string | null;
  path: string | null;
  args: string | null;
  env: string | null;
  status: string;
  state: string;
  undone_at: string | null;
  started_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  result: string | null;
  error: string | null;
  metrics: string;
}

interface EventRow {
  seq: number;
  ts: string;
  type: string;
  payload: string;
}

/** The event that says how many calls of the host one execution made beyond those recorded; that number. */
const Unrecorded = z
  .object({ message: z.string().regex(/^\d+ more calls of the host were not recorded/) })
  .transform(({ message }) => Number.parseInt(message, 10));

export class ExecutionStore {
  readonly #insert;
  readonly #insertEvent;
  readonly #update;
  /** One transaction each. */
  readonly #record;
  readonly #append;
  readonly #end;
  readonly #find;
  readonly #list;
  readonly #events;
  readonly #ledger;
  readonly #total;
  readonly #lastOf;
  readonly #effects;
  readonly #undo;
  readonly #redo;
  readonly #interrupt;
  readonly #pruneAge;
  readonly #pruneCount;

  constructor(db: Connection) {
    // Values by place, not by name: looking names up would be a fifth of what the whole call's write costs.
    this.#insert = db.prepare(
      `INSERT INTO executions (id, session_id, kind, code, path, args, env, started_at, status, state, ended_at,
       duration_ms, result, error, metrics) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertEvent = db.prepare(
      `INSERT INTO events (execution, seq, ts, type, payload) VALUES (?, ?, ?, ?, ?)`,
    );
    this.#update = db.prepare(
      `UPDATE executions SET status = ?, state = ?, ended_at = ?, duration_ms = ?, result = ?, error = ?, metrics = ?
       WHERE number = ?`,
    );
    this.#record = db.transaction((execution: Execution, events: readonly Event[]) => {
      const number = this.begin(execution);
      this.#insertEvents(number, events);
      return number;
    });
    this.#append = db.transaction((number: number, events: readonly Event[]) =>
      this.#insertEvents(number, events),
    );
    this.#end = db.transaction((number: number, execution: Execution, events: readonly Event[]) => {
      this.#update.run(...outcome(execution), number);
      this.#insertEvents(number, events);
    });
    this.#find = db.prepare<[string], ExecutionRow>(`SELECT * FROM executions WHERE id = ?`);
    this.#list = db.prepare<
      { before: number; limit: number; session: string | null; status: string | null },
      ExecutionRow
    >(
      `SELECT * FROM executions WHERE number < :before AND (:session IS NULL OR session_id = :session)
       AND (:status IS NULL OR status = :status) ORDER BY number DESC LIMIT :limit`,
    );
    this.#events = db.prepare<[number, number, number], EventRow>(
      `SELECT seq, ts, type, payload FROM events WHERE execution = ? AND seq > ? ORDER BY seq LIMIT ?`,
    );
    this.#ledger = db.prepare<
      { session: string; execution: number | null; limit: number },
      { type: string; payload: string }
    >(
      `SELECT v.type, v.payload FROM executions e JOIN events v ON v.execution = e.number
       WHERE e.session_id = :session AND (:execution IS NULL OR e.number = :execution)
       AND v.type IN ('host', 'system') ORDER BY e.number DESC, v.seq LIMIT :limit`,
    );
    this.#total = db.prepare<[], number>(`SELECT count(*) FROM executions`).pluck();
    this.#lastOf = db
      .prepare<[string], number | null>(`SELECT max(number) FROM executions WHERE session_id = ?`)
      .pluck();
    this.#effects = db
      .prepare<{ session: string; after: number; moment: number }, number>(
        `SELECT e.number FROM executions e JOIN executions m ON m.number = :moment
         WHERE e.session_id = :session AND e.number > :after AND e.number <> :moment
         AND e.state = 'kept' AND e.kind <> 'startup'
         AND (e.undone_at IS NULL OR (e.number < :moment AND e.undone_at >= m.started_at))`,
      )
      .pluck();
    this.#undo = db.prepare(
      `UPDATE executions SET undone_at = ?
       WHERE session_id = ? AND number >= ? AND state = 'kept' AND undone_at IS NULL`,
    );
    this.#redo = db.prepare(
      `UPDATE executions SET undone_at = NULL WHERE session_id = ? AND number <= ? AND undone_at > ?`,
    );
    this.#interrupt = db.prepare(
      `UPDATE executions SET status = 'interrupted', state = 'rolled_back', ended_at = :now, error = :error
       WHERE status = 'running'`,
    );
    this.#pruneAge = db.prepare(`DELETE FROM executions WHERE status <> 'running' AND ended_at < ?`);
    this.#pruneCount = db.prepare(
      `DELETE FROM executions WHERE status <> 'running' AND number <=
       (SELECT number FROM executions ORDER BY number DESC LIMIT 1 OFFSET ?)`,
    );
  }

  /** Writes an execution that runs; answers its number. */
  begin(execution: Execution): number {
    const { id, sessionId, kind, code = null, path = null, args, env, startedAt } = execution;
    const input = [id, sessionId, kind, code, path, toJson(args), toJson(env), startedAt];
    return Number(this.#insert.run(...input, ...outcome(execution)).lastInsertRowid);
  }

  /** Writes an execution that has ended, and all its events; answers its number. */
  record(execution: Execution, events: readonly Event[]): number {
    return this.#record(execution, events);
  }

  /** Writes events that came while it runs. */
  append(number: number, events: readonly Event[]): void {
    this.#append(number, events);
  }

  /** Writes how it ended, and the events not yet written. */
  end(number: number, execution: Execution, events: readonly Event[]): void {
    this.#end(number, execution, events);
  }

  #insertEvents(number: number, events: readonly Event[]): void {
    for (const { seq, ts, type, payload } of events) {
      this.#insertEvent.run(number, seq, ts, type, JSON.stringify(payload));
    }
  }

  find(id: string): { number: number; execution: Execution } | undefined {
    const row = this.#find.get(id);
    return row === undefined ? undefined : { number: row.number, execution: toExecution(row) };
  }

  list(filter: {
    before: number;
    limit: number;
    session: SessionId | undefined;
    status: ExecutionStatus | undefined;
  }): { number: number; execution: Execution }[] {
    const { before, limit, session = null, status = null } = filter;
    return this.#list
      .all({ before, limit, session, status })
      .map((row) => ({ number: row.number, execution: toExecution(row) }));
  }

  events(number: number, afterSeq: number, limit: number): Event[] {
    return this.#events
      .all(number, afterSeq, limit)
      .map(({ payload, ...row }) => Event.parse({ ...row, payload: JSON.parse(payload) as unknown }));
  }

  /**
   * What a session, or one execution of it, asked of the host, newest executions first: at most `limit` calls, and how
   * many more there were that left no event.
   */
  ledger(
    of: { session: SessionId; execution: number | undefined },
    limit: number,
  ): { calls: HostCall[]; unrecorded: number } {
    const { session, execution = null } = of;
    const calls: HostCall[] = [];
    let unrecorded = 0;
    for (const { type, payload } of this.#ledger.all({ session, execution, limit })) {
      const value = JSON.parse(payload) as unknown;
      if (type === 'host') calls.push(HostCall.parse(value));
      else unrecorded += Unrecorded.safeParse(value).data ?? 0;
    }
    return { calls, unrecorded };
  }

  total(): number {
    return this.#total.get() ?? 0;
  }

  /** Number of the session's newest execution; 0 where it has none. */
  lastOf(session: SessionId): number {
    return this.#lastOf.get(session) ?? 0;
  }

  /**
   * Executions of the session, those of its start apart, that came after `after`, and whose effect was in its state at
   * the moment when an execution began, or is in it now.
   */
  effects(session: SessionId, after: number, moment: number): number[] {
    return this.#effects.all({ session, after, moment });
  }

  /** Writes that the effect of this execution and all after it was taken back. */
  undoFrom(session: SessionId, number: number, now: string): void {
    this.#undo.run(now, session, number);
  }

  /** Writes that what was undone since then, up to this execution, is in the session's state again. */
  redoUpTo(session: SessionId, number: number, since: string): void {
    this.#redo.run(session, number, since);
  }

  /** What was running when the daemon went away did not end. */
  interruptRunning(now: string): void {
    const error = { name: 'InterruptedError', message: 'the daemon went away while the execution ran' };
    this.#interrupt.run({ now, error: JSON.stringify(error) });
  }

  /** Deletes those that ended before this moment, and all but the newest so many. Answers how many went. */
  prune(endedBefore: string, keep: number): number {
    return this.#pruneAge.run(endedBefore).changes + this.#pruneCount.run(keep).changes;
  }
}

/** In the order of the statements above. */
const outcome = (execution: Execution) => [
  execution.status,
  execution.state,
  execution.endedAt ?? null,
  execution.durationMs ?? null,
  toJson(execution.result),
  toJson(execution.error),
  JSON.stringify(execution.metrics),
];

const toJson = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

const fromJson = (text: string): unknown => JSON.parse(text);

function toExecution(row: ExecutionRow): Execution {
  const optional = {
    code: row.code,
    path: row.path,
    undoneAt: row.undone_at,
    args: row.args === null ? null : fromJson(row.args),
    env: row.env === null ? null : fromJson(row.env),
    endedAt: row.ended_at,
    durationMs: row.duration_ms,
    result: row.result === null ? null : fromJson(row.result),
    error: row.error === null ? null : fromJson(row.error),
  };
  return Execution.parse({
    id: row.id,
    sessionId: row.session_id,
    kind: row.kind,
    status: row.status,
    state: row.state,
    startedAt: row.started_at,
    metrics: fromJson(row.metrics),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== null)),
  });
}
