// Which sessions are in memory: brings them into a worker, stores them and lets them go, never more than allowed.
import type { SessionId } from '../records/index.js';
import type { Base } from './engine/base.js';
import { createShadow, isEmpty } from './engine/image.js';
import { RuntimeError } from './errors.js';
import { LiveSession } from './live-session.js';
import { toModuleSettings } from './modules/module-settings.js';
import type { References } from './references.js';
import type { StoredSession } from './store/sessions.js';
import type { Store } from './store/store.js';
import type { Purpose } from './turns.js';
import { UndoHistory, type HistoryBounds } from './undo-history.js';
import { packUndo } from './undo-packing.js';
import type { WorkerPool } from './workers/pool.js';
import type { WorkerThread } from './workers/worker-thread.js';

export interface ResidentsOptions {
  store: Store;
  pool: WorkerPool;
  base: Base;
  references: References;
  maxLive: number;
  undo: HistoryBounds;
  /** Files and folders that no session reaches. */
  closed: readonly string[];
}

export class Residents {
  readonly #options: ResidentsOptions;
  readonly #store: Store;
  readonly #live = new Map<SessionId, LiveSession>();

  constructor(options: ResidentsOptions) {
    this.#options = options;
    this.#store = options.store;
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

  /** Writes down of what runs what is not written yet: before executions are listed or counted. */
  flush(): void {
    for (const { running } of this.#live.values()) running?.flush();
  }

  /**
   * Brings a session that is not in memory there, without a worker yet, and with its turn taken: nobody uses it or
   * makes it leave before the caller does. Rejects with OVERLOADED where no other can leave.
   */
  async admit(record: StoredSession, purpose: Purpose): Promise<LiveSession> {
    const policy = this.#store.templates.policy(record.templateId, record.templateVersion);
    if (policy === undefined) {
      const message = `session ${record.id}: version ${record.templateVersion} of its template is gone`;
      throw new RuntimeError('TEMPLATE_NOT_FOUND', message);
    }
    const history = new UndoHistory(this.#options.undo, this.#store.states.lastUndo(record.id));
    const session = new LiveSession(record, policy, this.#store.states.find(record.id), history);
    session.turns.tryTake(purpose);
    // Counted from now on, so that many at once cannot pass the limit together.
    this.#live.set(record.id, session);
    try {
      while (this.#live.size > this.#options.maxLive) await this.#evictOne();
    } catch (error) {
      this.#live.delete(record.id);
      session.gone = true;
      session.turns.end();
      throw error;
    }
    return session;
  }

  async #evictOne(): Promise<void> {
    const [oldest] = this.all
      .filter((session) => !session.turns.isTaken)
      .toSorted((a, b) => a.usedAt - b.usedAt);
    if (oldest === undefined || !oldest.turns.tryTake('upkeep')) {
      const message = `all ${this.#options.maxLive} live sessions are busy; try again, or raise maxLiveSessions`;
      throw new RuntimeError('OVERLOADED', message);
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
  async wake(session: LiveSession): Promise<{ fresh: boolean; nextTimerMs?: number | undefined }> {
    if (session.worker !== undefined && !session.worker.ended) return { fresh: false };
    const worker = await this.#options.pool.lease();
    try {
      const { fresh, nextTimerMs } = await this.#open(session, worker);
      session.worker = worker;
      worker.onUndo = (undo) => session.history.receive(undo);
      return { fresh, nextTimerMs };
    } catch (error) {
      await this.#options.pool.release(worker);
      throw error;
    }
  }

  async #open(session: LiveSession, worker: WorkerThread) {
    const { memMb } = session.policy.limits;
    const shadow = session.shadow ?? createShadow(memMb);
    const inMemory = !isEmpty(shadow);
    const { image: number } = session.state;
    const { absentMs } = this.#store.presence;
    // In memory the timers go on; while no daemon was there they stood still.
    const shiftTimersMs =
      inMemory || number === undefined ? 0 : Math.max(0, absentMs - session.state.absentMs);
    const { parent, image, takenAt } = inMemory
      ? { parent: session.parent }
      : this.#options.references.stateOf(session.id, number);
    const opened = await worker.request({
      type: 'open',
      maxMemoryMb: memMb,
      shadow,
      ...(parent === undefined ? {} : { reference: parent.reference }),
      ...(image === undefined ? {} : { image }),
      shiftTimersMs,
      console: session.policy.runtime.console,
      modules: toModuleSettings({
        policy: session.policy,
        worktree: session.record.worktree,
        closed: this.#options.closed,
        template: this.#store.templates.nameOf(session.record.templateId) ?? session.record.templateId,
      }),
    });
    if (opened.type === 'unrestorable') {
      throw new RuntimeError('STATE_UNAVAILABLE', `session ${session.id}: ${opened.message}`);
    }
    session.shadow = shadow;
    session.parent = parent;
    session.state = { ...session.state, absentMs };
    // The stored image knows nothing of the shift; where it matters it is to be stored again.
    if (shiftTimersMs > 0 && opened.nextTimerMs !== undefined) session.dirty = true;
    if (opened.undo !== undefined) session.history.add(undefined, opened.undo);
    if (takenAt !== undefined && image !== undefined) {
      session.record = { ...session.record, restoredFrom: `image of ${new Date(takenAt).toISOString()}` };
    }
    return { fresh: !inMemory && number === undefined, nextTimerMs: opened.nextTimerMs };
  }

  /** Puts the shadow, changed by the main thread, into the session's engine. Needs the turn. */
  async reload(session: LiveSession): Promise<{ nextTimerMs?: number | undefined }> {
    if (session.worker === undefined) throw new Error(`session ${session.id} has no worker`);
    const { nextTimerMs } = await this.#open(session, session.worker);
    return { nextTimerMs };
  }

  /**
   * Writes the session's state into the store, where it has changed, and with it what `alongside` writes. Needs the
   * turn.
   */
  async store(session: LiveSession, alongside?: () => void): Promise<void> {
    if (!session.dirty) return;
    if (session.worker === undefined || session.worker.ended) await this.wake(session);
    const { worker, history } = session;
    if (worker === undefined) throw new Error(`session ${session.id} has no worker`);
    const { parent } = session;
    const { image } = await worker.request({
      type: 'image',
      ...(parent === undefined ? {} : { reference: parent.reference }),
    });
    const undos = await Promise.all(history.unstored.map(packUndo));
    const stored = this.#store.atomically(() => {
      const number = this.#store.images.insert({
        ...image,
        takenAt: Date.now(),
        ...(parent === undefined ? {} : { parent: parent.image }),
      });
      this.#store.states.save(session.id, { ...session.state, image: number });
      for (const undo of undos) this.#store.states.addUndo(session.id, undo);
      const contiguous = (undos[0]?.number ?? 0) > history.stored + 1 ? (undos[0]?.number ?? 0) : 0;
      this.#store.states.keepUndos(session.id, {
        first: Math.max(history.firstKept, contiguous),
        last: history.last,
        executions: history.executionsKept,
      });
      this.#store.images.drop(session.state.image);
      this.#store.presence.seen(Date.now());
      alongside?.();
      return number;
    });
    session.state = { ...session.state, image: stored };
    history.stored = history.last;
    session.dirty = false;
  }

  /** Takes a session out of memory and its worker back. Needs the turn. */
  remove(session: LiveSession): void {
    clearTimeout(session.saveDue);
    session.saveDue = undefined;
    session.gone = true;
    this.#live.delete(session.id);
    const { worker } = session;
    session.worker = undefined;
    session.shadow = undefined;
    if (worker === undefined) return;
    worker.onUndo = undefined;
    void this.#options.pool.release(worker);
  }
}
