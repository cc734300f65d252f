// Which sessions are in memory: brings them into a worker, stores them and lets them go, never more than allowed.
import type { SessionId } from '../records/index.js';
import type { Base } from './engine/base.js';
import { ImageError, createShadow, shadowOfImage } from './engine/image.js';
import { RuntimeError } from './errors.js';
import { LiveSession } from './live-session.js';
import type { StoredSession } from './store/sessions.js';
import type { Store } from './store/store.js';
import type { WorkerPool } from './workers/pool.js';

export interface ResidentsOptions {
  store: Store;
  pool: WorkerPool;
  base: Base;
  maxLive: number;
}

export class Residents {
  readonly #store: Store;
  readonly #pool: WorkerPool;
  readonly #base: Base;
  readonly #maxLive: number;
  readonly #live = new Map<SessionId, LiveSession>();

  constructor({ store, pool, base, maxLive }: ResidentsOptions) {
    this.#store = store;
    this.#pool = pool;
    this.#base = base;
    this.#maxLive = maxLive;
  }

  get all(): LiveSession[] {
    return [...this.#live.values()];
  }

  get busyCount(): number {
    return this.all.filter(({ running }) => running !== undefined).length;
  }

  find(session: SessionId): LiveSession | undefined {
    return this.#live.get(session);
  }

  /** The session in memory, made to be there (without a worker yet). Rejects with OVERLOADED where none can leave. */
  async admit(record: StoredSession): Promise<LiveSession> {
    const present = this.#live.get(record.id);
    if (present !== undefined) return present;
    const policy = this.#store.templates.policy(record.templateId, record.templateVersion);
    if (policy === undefined) {
      throw new RuntimeError(
        'TEMPLATE_NOT_FOUND',
        `session ${record.id}: version ${record.templateVersion} of its template is gone`,
      );
    }
    const session = new LiveSession(record, policy, this.#store.images.lastExecution(record.id));
    // Counted from now on, so that many at once cannot pass the limit together.
    this.#live.set(record.id, session);
    try {
      while (this.#live.size > this.#maxLive) await this.#evictOne(session);
    } catch (error) {
      this.#live.delete(record.id);
      session.gone = true;
      throw error;
    }
    return session;
  }

  async #evictOne(newcomer: LiveSession): Promise<void> {
    const [oldest] = this.all
      .filter((session) => session !== newcomer && !session.turns.isTaken)
      .toSorted((a, b) => a.usedAt - b.usedAt);
    if (oldest === undefined || !oldest.turns.tryTake()) {
      throw new RuntimeError(
        'OVERLOADED',
        `all ${this.#maxLive} live sessions are busy; try again, or raise maxLiveSessions`,
      );
    }
    try {
      await this.store(oldest);
      this.remove(oldest);
    } finally {
      oldest.turns.end();
    }
  }

  /**
   * Gives a session its worker, filled with its state. Needs the turn. `fresh` is true where there was no state to
   * fill it with. Rejects with STATE_UNAVAILABLE for an image that cannot be restored.
   */
  async wake(session: LiveSession): Promise<{ fresh: boolean }> {
    if (session.worker !== undefined && !session.worker.ended) return { fresh: false };
    const image = session.shadow === undefined ? this.#store.images.find(session.id) : undefined;
    const { memMb } = session.policy.limits;
    const fresh = session.shadow === undefined && image === undefined;
    try {
      session.shadow ??= image === undefined ? createShadow(memMb) : shadowOfImage(image, this.#base, memMb);
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      throw new RuntimeError('STATE_UNAVAILABLE', `session ${session.id}: ${error.message}`, {
        cause: error,
      });
    }
    const worker = await this.#pool.lease();
    try {
      const opened = await worker.request({
        type: 'open',
        maxMemoryMb: memMb,
        shadow: session.shadow,
        ...(image === undefined ? {} : { takenAt: image.takenAt }),
        console: session.policy.runtime.console,
      });
      session.worker = worker;
      if (image !== undefined)
        session.record = {
          ...session.record,
          restoredFrom: `image of ${new Date(image.takenAt).toISOString()}`,
        };
      return { fresh, ...opened };
    } catch (error) {
      await this.#pool.release(worker);
      throw error;
    }
  }

  /** Writes the session's state into the store, where it has changed. Needs the turn. */
  async store(session: LiveSession): Promise<void> {
    if (!session.dirty || session.worker === undefined || session.worker.ended) return;
    const { image } = await session.worker.request({ type: 'image' });
    this.#store.images.save(session.id, { ...image, lastExecution: session.lastExecution });
    session.dirty = false;
  }

  /** Takes a session out of memory and its worker back. Needs the turn. */
  remove(session: LiveSession): void {
    session.clearSchedules();
    session.gone = true;
    this.#live.delete(session.id);
    const { worker } = session;
    session.worker = undefined;
    session.shadow = undefined;
    if (worker !== undefined) void this.#pool.release(worker);
  }
}
