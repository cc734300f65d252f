// When the timers of sessions are due, of those in memory and of sleeping ones alike; and having them run then.
import type { SessionId } from '../records/index.js';
import { RuntimeError } from './errors.js';
import type { LogEntry } from './types.js';

/** Node's timers take no more; a session's timer that is due later is looked at again then. */
const longestTimerMs = 2 ** 31 - 1;
/** When a timer is tried again for which there was no room in memory. */
const timerAgainMs = 250;

export interface SessionTimersOptions {
  /** Runs the due timer of a session, which it may have to wake for that. */
  run: (session: SessionId) => Promise<unknown>;
  log: (entry: LogEntry) => void;
}

export class SessionTimers {
  readonly #options: SessionTimersOptions;
  readonly #planned = new Map<SessionId, { timeout: NodeJS.Timeout; dueAt: number }>();
  #closed = false;

  constructor(options: SessionTimersOptions) {
    this.#options = options;
  }

  /** Plans the next one of a session, in place of the one planned before; milliseconds since the epoch. */
  plan(session: SessionId, dueAt: number | undefined): void {
    clearTimeout(this.#planned.get(session)?.timeout);
    this.#planned.delete(session);
    if (dueAt === undefined || this.#closed) return;
    const inMs = Math.min(Math.max(1, dueAt - Date.now()), longestTimerMs);
    const timeout = setTimeout(() => void this.#run(session), inMs);
    this.#planned.set(session, { timeout, dueAt });
  }

  /** When the first of all is due; milliseconds since the epoch. */
  get nextAt(): number | undefined {
    const times = [...this.#planned.values()].map(({ dueAt }) => dueAt);
    return times.length === 0 ? undefined : times.reduce((first, time) => Math.min(first, time));
  }

  /** Runs what a script has left to run later. Never rejects: there is nobody to tell but the log. */
  async #run(session: SessionId): Promise<void> {
    this.#planned.delete(session);
    try {
      await this.#options.run(session);
    } catch (error) {
      const code = error instanceof RuntimeError ? error.code : undefined;
      // It ended while its timer waited for the turn.
      if (this.#closed || code === 'SESSION_NOT_READY' || code === 'SESSION_NOT_FOUND') return;
      if (code === 'OVERLOADED') return this.plan(session, Date.now() + timerAgainMs);
      this.#options.log({ level: 'error', message: 'running a timer failed', sessionId: session, error });
    }
  }

  /** From now on none runs. */
  close(): void {
    this.#closed = true;
    for (const { timeout } of this.#planned.values()) clearTimeout(timeout);
  }
}
