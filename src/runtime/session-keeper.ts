// Keeps sessions going: who may use one when, waking it, its timers, storing it when it is idle and at the end.
import type { Execution, Session, SessionId } from '../records/index.js';
import { RuntimeError } from './errors.js';
import type { LibraryLoader } from './library-loader.js';
import type { LiveSession } from './live-session.js';
import type { Residents } from './residents.js';
import { timerSpec } from './run-spec.js';
import type { Runner, RunSpec } from './runner.js';
import { SessionStarter } from './session-starter.js';
import { SessionTimers } from './session-timers.js';
import type { StoredSession } from './store/sessions.js';
import type { Store } from './store/store.js';
import type { CallHooks, LogEntry, RuntimeEvent } from './types.js';
import type { Purpose } from './turns.js';
import type { WarmStarts } from './warm-starts.js';

/** When the states of live sessions are stored; always at hibernation and at the end. */
export interface Saving {
  when: 'always' | 'idle' | 'exit';
  afterIdleMs: number;
}

export interface TurnOptions {
  ifBusy: 'reject' | 'wait';
  signal?: AbortSignal | undefined;
  /** Default `call`. A client's call waits for upkeep, and is refused for another call. */
  purpose?: Purpose;
}

export interface SessionKeeperOptions {
  store: Store;
  residents: Residents;
  runner: Runner;
  warmStarts: WarmStarts;
  libraries: LibraryLoader;
  saving: Saving;
  environment: Readonly<Record<string, string | undefined>>;
  /** Files and folders that no session reaches. */
  closed: readonly string[];
  notify: (event: RuntimeEvent) => void;
  log: (entry: LogEntry) => void;
}

export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  readonly #store: Store;
  readonly #residents: Residents;
  readonly #timers: SessionTimers;
  readonly #starter: SessionStarter;
  #closing = false;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#residents = options.residents;
    this.#starter = new SessionStarter({
      ...options,
      execute: (session, spec) => this.#execute(session, spec),
      planTimer: (session, inMs) => this.planTimer(session, inMs),
    });
    this.#timers = new SessionTimers({
      run: (session) => {
        const turn = { ifBusy: 'wait', purpose: 'upkeep' } as const;
        return this.withTurn(session, turn, (live) =>
          this.#execute(live, timerSpec(live, options.environment)),
        );
      },
      log: options.log,
    });
  }

  /** The record of a session, by id or name. Throws SESSION_NOT_FOUND. */
  require(session: string): StoredSession {
    const live = this.#residents.find(session as SessionId);
    const record = live?.record ?? this.#store.sessions.find(session);
    if (record === undefined)
      throw new RuntimeError('SESSION_NOT_FOUND', `session ${JSON.stringify(session)} does not exist`);
    return live === undefined ? (this.#residents.find(record.id)?.record ?? record) : record;
  }

  /** As {@link SessionStarter.start}. */
  start(session: LiveSession): Promise<'awake' | 'asleep'> {
    return this.#starter.start(session);
  }

  /** Runs one execution in a session: waits for its turn, wakes it, runs, and plans what comes after. */
  execute(
    session: string,
    options: TurnOptions,
    makeSpec: (session: LiveSession) => RunSpec,
    hooks?: CallHooks,
  ): Promise<Execution> {
    const turn = { ...options, purpose: 'execution' } as const;
    return this.withTurn(session, turn, (live) => this.#execute(live, makeSpec(live), hooks));
  }

  /** Has the turn of a ready session, awake, while `work` runs. */
  withTurn<T>(session: string, options: TurnOptions, work: (session: LiveSession) => Promise<T>): Promise<T> {
    return this.withTurnAsleep(session, options, async (live) => {
      await this.#awaken(live);
      return work(live);
    });
  }

  /** Wakes a session for a call. */
  async #awaken(live: LiveSession): Promise<void> {
    const { fresh, nextTimerMs } = await this.#residents.wake(live);
    if (nextTimerMs !== undefined) this.planTimer(live, nextTimerMs);
    if (!fresh) return;
    // Nothing was stored of it before the daemon went away: it begins anew.
    try {
      await this.start(live);
    } catch (error) {
      // A file or library that is missing may come back; half a start must not be taken for a whole one.
      if (error instanceof RuntimeError && error.code === 'STARTUP_FAILED')
        this.change(live, { status: 'crashed', lastError: error.message });
      this.#residents.remove(live);
      throw error;
    }
  }

  /** Has the turn of a ready session, awake or not, while `work` runs. */
  async withTurnAsleep<T>(
    session: string,
    { ifBusy, signal, purpose = 'call' }: TurnOptions,
    work: (session: LiveSession) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      this.refuseWhileClosing();
      const record = this.requireReady(session);
      const present = this.#residents.find(record.id);
      const live = present ?? (await this.#residents.admit(record, purpose));
      if (present?.turns.tryTake(purpose) === false) {
        if (ifBusy === 'reject' && live.turns.isCalled) throw busy(record.id);
        await live.turns.take(purpose, signal);
      }
      try {
        // It may have left memory, or ended, while this waited for its turn: then look it up again.
        if (live.gone) continue;
        this.refuseWhileClosing();
        live.usedAt = performance.now();
        return await work(live);
      } finally {
        // It was not woken, or could not be: then it is not in memory.
        if (live.shadow === undefined && !live.gone) this.#residents.remove(live);
        live.interrupted = false;
        live.turns.end();
        this.#planSave(live);
      }
    }
  }

  async #execute(session: LiveSession, spec: RunSpec, hooks?: CallHooks): Promise<Execution> {
    const { execution, nextTimerMs } = await this.#options.runner.run(session, spec, hooks);
    session.usedAt = performance.now();
    session.record = { ...session.record, lastUsedAt: execution.startedAt };
    this.planTimer(session, nextTimerMs);
    if (this.#options.saving.when === 'always') await this.save(session);
    return execution;
  }

  /** Plans the session's next timer, in place of the one planned before. */
  planTimer(session: LiveSession, inMs: number | undefined): void {
    const { timerDueAt: _, ...state } = session.state;
    session.state = inMs === undefined ? state : { ...state, timerDueAt: Date.now() + inMs };
    this.planTimerOf(session.id, session.state.timerDueAt);
  }

  /** Plans when a session, in memory or not, is to run its next timer; milliseconds since the epoch. */
  planTimerOf(session: SessionId, dueAt: number | undefined): void {
    this.#timers.plan(session, dueAt);
  }

  /** When the first timer of all sessions, in memory or not, is due; milliseconds since the epoch. */
  get nextTimerAt(): number | undefined {
    return this.#timers.nextAt;
  }

  #planSave(session: LiveSession): void {
    const { when, afterIdleMs } = this.#options.saving;
    if (when !== 'idle' || session.gone || !session.dirty || session.saveDue !== undefined) return;
    session.saveDue = setTimeout(() => void this.#saveIfIdle(session), afterIdleMs);
  }

  async #saveIfIdle(session: LiveSession): Promise<void> {
    session.saveDue = undefined;
    if (session.gone || this.#closing) return;
    const idleMs = performance.now() - session.usedAt;
    if (idleMs < this.#options.saving.afterIdleMs || !session.turns.tryTake('upkeep')) {
      this.#planSave(session);
      return;
    }
    await this.#upkeep(session, () => this.save(session));
  }

  /** Writes the session's state and record into the store, and with the state what `alongside` writes. Needs the turn. */
  async save(session: LiveSession, alongside?: () => void): Promise<void> {
    await this.#residents.store(session, alongside);
    this.#store.sessions.update(session.record);
  }

  /** Puts sessions to sleep that nobody used for so long, unless a timer would wake them sooner than that. */
  async hibernateIdle(idleMs: number): Promise<void> {
    for (const session of this.#residents.all) {
      const { timerDueAt = Infinity } = session.state;
      const isIdle = performance.now() - session.usedAt >= idleMs && timerDueAt - Date.now() >= idleMs;
      if (!isIdle || this.#closing || session.record.status !== 'ready' || !session.turns.tryTake('upkeep'))
        continue;
      await this.#upkeep(session, () => this.hibernate(session));
    }
  }

  /** Stores a session and takes it out of memory. Needs the turn. */
  async hibernate(session: LiveSession): Promise<void> {
    await this.save(session);
    this.#residents.remove(session);
    this.#options.notify({ kind: 'session_changed', session: this.toSession(session.record) });
  }

  /** Waits for what runs, at most `graceMs`, cancels the rest, and stores every session. */
  async closeAll(graceMs: number): Promise<void> {
    this.#closing = true;
    this.#timers.close();
    const deadline = setTimeout(() => {
      for (const session of this.#residents.all) session.end();
    }, graceMs);
    try {
      await Promise.all(
        this.#residents.all.map(async (session) => {
          await session.turns.takeNext('upkeep');
          await this.#upkeep(session, async () => {
            if (session.gone) return;
            await this.save(session);
            this.#residents.remove(session);
          });
        }),
      );
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Does what no client waits for, and ends the turn. Never rejects: a failure goes to the log. */
  async #upkeep(session: LiveSession, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const sessionId = session.id;
      this.#options.log({ level: 'error', message: 'storing the session failed', sessionId, error });
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
    if (this.#closing)
      throw new RuntimeError('OVERLOADED', 'the daemon is shutting down', { details: { reason: 'leaving' } });
  }

  /** Changes the session's record, here and in the store, and tells of it. */
  change(session: LiveSession, change: Partial<StoredSession>): void {
    session.record = { ...session.record, ...change };
    this.write(session.record);
  }

  write(record: StoredSession): void {
    if (record.status === 'closed' || record.status === 'crashed') this.#store.endSession(record);
    else this.#store.sessions.update(record);
    this.#options.notify({ kind: 'session_changed', session: this.toSession(record) });
  }

  /** The record with what is a fact of the moment. */
  toSession(record: StoredSession): Session {
    const live = this.#residents.find(record.id) !== undefined;
    const ended = record.status === 'closed' || record.status === 'crashed';
    const residency = ended ? 'none' : live ? 'live' : 'hibernated';
    const stale = ended ? [] : this.#options.libraries.stale(record.libraries);
    const storedBytes = this.#store.states.bytes(record.id);
    return { ...record, ...(stale.length === 0 ? {} : { stale }), residency, storedBytes };
  }
}

export const busy = (id: SessionId): RuntimeError =>
  new RuntimeError(
    'SESSION_BUSY',
    `session ${id} runs another execution; wait with ifBusy: "wait", or interrupt it`,
  );
