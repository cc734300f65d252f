// Keeps sessions going: who may use one when, waking it, its timers, storing it when it is idle and at the end.
import type { Execution, Session, SessionId } from '../records/index.js';
import { RuntimeError } from './errors.js';
import type { LiveSession } from './live-session.js';
import type { Residents } from './residents.js';
import { fileSpec, timerSpec } from './run-spec.js';
import type { Runner, RunSpec } from './runner.js';
import type { StoredSession } from './store/sessions.js';
import type { Store } from './store/store.js';
import type { CallHooks, LogEntry, RuntimeEvent } from './types.js';

/** A session that was used is written to the store once it has been idle this long. */
const saveAfterIdleMs = 250;
/** Node's timers take no more; a session's timer that is due later is looked at again then. */
const longestTimerMs = 2 ** 31 - 1;

export interface SessionKeeperOptions {
  store: Store;
  residents: Residents;
  runner: Runner;
  environment: Readonly<Record<string, string | undefined>>;
  notify: (event: RuntimeEvent) => void;
  log: (entry: LogEntry) => void;
}

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #store: Store;
  readonly #residents: Residents;
  #closing = false;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#residents = options.residents;
  }

  /** The record of a session, by id or name. Throws SESSION_NOT_FOUND. */
  require(session: string): StoredSession {
    const live = this.#residents.find(session as SessionId);
    const record = live?.record ?? this.#store.sessions.find(session);
    if (record === undefined)
      throw new RuntimeError('SESSION_NOT_FOUND', `session ${JSON.stringify(session)} does not exist`);
    return live === undefined ? (this.#residents.find(record.id)?.record ?? record) : record;
  }

  /** Runs the startup files of the session's template, in order; the first that fails ends it. */
  async start(session: LiveSession): Promise<void> {
    for (const { path } of session.policy.startup) {
      const spec = fileSpec(session, { kind: 'startup', path }, this.#options.environment);
      const execution = await this.#execute(session, spec);
      if (execution.status === 'ok') continue;
      const { name, message } = execution.error ?? { name: 'Error', message: execution.status };
      throw new RuntimeError('STARTUP_FAILED', `startup file ${JSON.stringify(path)}: ${name}: ${message}`, {
        details: { sessionId: session.id, executionId: execution.id, path, error: execution.error },
      });
    }
  }

  /** Runs one execution in a session: waits for its turn, wakes it, runs, and plans what comes after. */
  execute(
    session: string,
    options: { ifBusy: 'reject' | 'wait'; signal?: AbortSignal | undefined },
    makeSpec: (session: LiveSession) => RunSpec,
    hooks?: CallHooks,
  ): Promise<Execution> {
    return this.withTurn(session, options, (live) => this.#execute(live, makeSpec(live), hooks));
  }

  /** Has the turn of a ready session, awake, while `work` runs. */
  async withTurn<T>(
    session: string,
    { ifBusy, signal }: { ifBusy: 'reject' | 'wait'; signal?: AbortSignal | undefined },
    work: (session: LiveSession) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      this.refuseWhileClosing();
      const record = this.requireReady(session);
      const live = this.#residents.find(record.id) ?? (await this.#residents.admit(record));
      if (!live.turns.tryTake()) {
        if (ifBusy === 'reject') throw busy(record.id);
        await live.turns.take(signal);
      }
      try {
        // It may have left memory, or ended, while this waited for its turn: then look it up again.
        if (live.gone) continue;
        const { fresh } = await this.#residents.wake(live);
        if (fresh) await this.start(live);
        live.usedAt = performance.now();
        return await work(live);
      } finally {
        live.turns.end();
        this.#planSave(live);
      }
    }
  }

  async #execute(session: LiveSession, spec: RunSpec, hooks?: CallHooks): Promise<Execution> {
    const { execution, nextTimerMs } = await this.#options.runner.run(session, spec, hooks);
    session.record = { ...session.record, lastUsedAt: execution.startedAt };
    this.#planTimer(session, nextTimerMs);
    return execution;
  }

  #planTimer(session: LiveSession, inMs: number | undefined): void {
    clearTimeout(session.timerDue);
    session.timerDue = undefined;
    if (inMs === undefined || session.gone) return;
    session.timerDue = setTimeout(
      () => void this.#runTimer(session),
      Math.min(Math.max(1, inMs), longestTimerMs),
    );
  }

  /** Runs what a script has left to run later. Never rejects: there is nobody to tell but the log. */
  async #runTimer(session: LiveSession): Promise<void> {
    // Whoever has the turn plans the timer again when it is done.
    if (session.gone || this.#closing || !session.turns.tryTake()) return;
    try {
      if (session.worker === undefined) return;
      await this.#execute(session, timerSpec(session));
    } catch (error) {
      this.#options.log({ level: 'error', message: 'running a timer failed', sessionId: session.id, error });
    } finally {
      session.turns.end();
      this.#planSave(session);
    }
  }

  #planSave(session: LiveSession): void {
    if (session.gone || !session.dirty || session.saveDue !== undefined) return;
    session.saveDue = setTimeout(() => void this.#saveIfIdle(session), saveAfterIdleMs);
  }

  async #saveIfIdle(session: LiveSession): Promise<void> {
    session.saveDue = undefined;
    if (session.gone) return;
    const idleMs = performance.now() - session.usedAt;
    if (idleMs < saveAfterIdleMs || !session.turns.tryTake()) {
      this.#planSave(session);
      return;
    }
    try {
      await this.#save(session);
    } catch (error) {
      this.#options.log({
        level: 'error',
        message: 'storing the session failed',
        sessionId: session.id,
        error,
      });
    } finally {
      session.turns.end();
    }
  }

  async #save(session: LiveSession): Promise<void> {
    await this.#residents.store(session);
    this.#store.sessions.update(session.record);
  }

  /** Waits for what runs, at most `graceMs`, cancels the rest, and stores every session. */
  async closeAll(graceMs: number): Promise<void> {
    this.#closing = true;
    const deadline = setTimeout(() => {
      for (const { running } of this.#residents.all) running?.cancel();
    }, graceMs);
    try {
      await Promise.all(this.#residents.all.map((session) => this.#storeAtEnd(session)));
    } finally {
      clearTimeout(deadline);
    }
  }

  async #storeAtEnd(session: LiveSession): Promise<void> {
    await session.turns.take();
    try {
      if (session.gone) return;
      if (session.dirty && session.worker === undefined) await this.#residents.wake(session);
      await this.#save(session);
      this.#residents.remove(session);
    } catch (error) {
      this.#options.log({
        level: 'error',
        message: 'storing the session failed',
        sessionId: session.id,
        error,
      });
    } finally {
      session.turns.end();
    }
  }

  /** As {@link require}; throws SESSION_NOT_READY for one that is starting, crashed or closed. */
  requireReady(session: string): StoredSession {
    const record = this.require(session);
    if (record.status === 'ready') return record;
    const because = record.lastError === undefined ? '' : `: ${record.lastError}`;
    throw new RuntimeError('SESSION_NOT_READY', `session ${record.id} is ${record.status}${because}`);
  }

  /** Throws OVERLOADED once {@link closeAll} was called. */
  refuseWhileClosing(): void {
    if (this.#closing) throw new RuntimeError('OVERLOADED', 'the daemon is shutting down');
  }

  /** Changes the session's record, here and in the store, and tells of it. */
  change(session: LiveSession, change: Partial<StoredSession>): void {
    session.record = { ...session.record, ...change };
    this.write(session.record);
  }

  write(record: StoredSession): void {
    this.#store.sessions.update(record);
    this.#options.notify({ kind: 'session_changed', session: this.toSession(record) });
  }

  /** The record with what is a fact of the moment. */
  toSession(record: StoredSession): Session {
    const live = this.#residents.find(record.id) !== undefined;
    const ended = record.status === 'closed' || record.status === 'crashed';
    return { ...record, residency: ended ? 'none' : live ? 'live' : 'hibernated' };
  }
}

export const busy = (id: SessionId): RuntimeError =>
  new RuntimeError(
    'SESSION_BUSY',
    `session ${id} runs another execution; wait with ifBusy: "wait", or interrupt it`,
  );
