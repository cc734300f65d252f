// What can be done with a session's state as a whole: copied into another session, kept, and gone back to.
import { newId, type Checkpoint, type Session } from '../records/index.js';
import type { Base } from './engine/base.js';
import { applyUndo, requireSound } from './engine/image.js';
import { ImageError } from './engine/sealed-pages.js';
import { RuntimeError } from './errors.js';
import type { LiveSession } from './live-session.js';
import type { References } from './references.js';
import type { Residents } from './residents.js';
import type { SessionKeeper } from './session-keeper.js';
import { pageOf, parsePage } from './store/page.js';
import type { StoredSession } from './store/sessions.js';
import type { Store } from './store/store.js';
import { parseName } from './template-service.js';
import type { Page, PageInput, RollbackTarget, States } from './types.js';
import { pathBack, type Step } from './undo-history.js';
import { unpackUndo } from './undo-packing.js';

export interface StateServiceOptions {
  store: Store;
  residents: Residents;
  keeper: SessionKeeper;
  base: Base;
  references: References;
}

export class StateService implements States {
  readonly #store: Store;
  readonly #residents: Residents;
  readonly #keeper: SessionKeeper;
  readonly #base: Base;
  readonly #references: References;

  constructor({ store, residents, keeper, base, references }: StateServiceOptions) {
    this.#store = store;
    this.#residents = residents;
    this.#keeper = keeper;
    this.#base = base;
    this.#references = references;
  }

  fork(session: string, name?: string): Promise<Session> {
    return this.#keeper.withTurnAsleep(session, { ifBusy: 'reject' }, async (live) => {
      await this.#residents.store(live);
      const now = new Date().toISOString();
      const { name: _, lastError: __, restoredFrom: ___, ...record } = live.record;
      const fork: StoredSession = {
        ...record,
        id: newId('ses'),
        ...(name === undefined ? {} : { name: parseName(name) }),
        createdAt: now,
        lastUsedAt: now,
        restoredFrom: `session ${live.id}`,
      };
      this.#store.atomically(() => {
        if (!this.#store.sessions.insert(fork)) {
          throw new RuntimeError('NAME_TAKEN', `session name ${JSON.stringify(name)} is taken`);
        }
        this.#store.sessions.update(fork);
        this.#store.states.save(fork.id, live.state);
      });
      const { timerDueAt, absentMs } = live.state;
      const later = this.#store.presence.absentMs - absentMs;
      this.#keeper.planTimerOf(fork.id, timerDueAt === undefined ? undefined : timerDueAt + later);
      this.#keeper.write(fork);
      return this.#keeper.toSession(fork);
    });
  }

  checkpoint(session: string, label?: string): Promise<Checkpoint> {
    return this.#keeper.withTurnAsleep(session, { ifBusy: 'reject' }, async (live) => {
      await this.#residents.store(live);
      const { image } = live.state;
      const checkpoint: Checkpoint = {
        checkpoint: newId('chk'),
        ...(label === undefined ? {} : { label }),
        createdAt: new Date().toISOString(),
        bytes: image === undefined ? 0 : this.#store.images.bytes(image),
      };
      const { lastExecution } = live.state;
      this.#store.checkpoints.insert(live.id, {
        checkpoint,
        lastExecution,
        ...(image === undefined ? {} : { image }),
      });
      return checkpoint;
    });
  }

  checkpoints(session: string, page: PageInput = {}): Page<Checkpoint> {
    const { limit, before } = parsePage(page);
    const { id } = this.#keeper.require(session);
    return pageOf(this.#store.checkpoints.list(id, before, limit + 1), limit, ({ checkpoint }) => checkpoint);
  }

  rollback(session: string, target: RollbackTarget): Promise<Session> {
    return this.#keeper.withTurnAsleep(session, { ifBusy: 'reject' }, async (live) => {
      if ('checkpoint' in target) this.#toCheckpoint(live, target.checkpoint);
      else await this.#toBefore(live, target.execution);
      this.#keeper.write(live.record);
      return this.#keeper.toSession(live.record);
    });
  }

  #toCheckpoint(live: LiveSession, reference: string): void {
    const found = this.#store.checkpoints.find(live.id, reference);
    if (found === undefined) {
      const message = `session ${live.id} has no checkpoint ${JSON.stringify(reference)}`;
      throw new RuntimeError('CHECKPOINT_NOT_FOUND', message);
    }
    const { checkpoint, image, lastExecution } = found;
    // Looked at before the present state is given up for it.
    const { image: kept, takenAt = Date.now() } = this.#references.stateOf(live.id, image);
    const maxBytes = live.policy.limits.memMb * 1024 * 1024;
    if (kept !== undefined) readable(live, () => requireSound(kept, this.#base, maxBytes));
    const before = live.state.image;
    const state = {
      lastExecution: this.#store.executions.lastOf(live.id),
      // Its timers have what they had left then.
      absentMs: this.#store.presence.absentMs - (Date.now() - takenAt),
      ...(image === undefined ? {} : { image }),
    };
    live.record = { ...live.record, restoredFrom: `checkpoint ${checkpoint.checkpoint}` };
    this.#store.atomically(() => {
      this.#store.states.save(live.id, state);
      this.#store.states.dropUndos(live.id);
      this.#store.executions.redoUpTo(live.id, lastExecution, checkpoint.createdAt);
      this.#store.executions.undoFrom(live.id, lastExecution + 1, new Date().toISOString());
      this.#store.images.drop(before);
      this.#store.sessions.update(live.record);
    });
    this.#keeper.planTimerOf(live.id, undefined);
    this.#residents.remove(live);
  }

  async #toBefore(live: LiveSession, reference: string): Promise<void> {
    const found = this.#store.executions.find(reference);
    if (found === undefined || found.execution.sessionId !== live.id) {
      const message = `session ${live.id} has no execution ${JSON.stringify(reference)}`;
      throw new RuntimeError('EXECUTION_NOT_FOUND', message);
    }
    const { number, execution } = found;
    if (execution.undoneAt !== undefined) {
      const message = `session ${live.id}: ${reference} was undone at ${execution.undoneAt}, and its state before it with it`;
      throw new RuntimeError('STATE_UNAVAILABLE', message);
    }
    if (execution.kind === 'startup') {
      const message = `session ${live.id}: ${reference} is part of its start, and there is nothing before that; create a new session`;
      throw new RuntimeError('STATE_UNAVAILABLE', message);
    }
    await this.#residents.wake(live);
    // What the last run changed may still be on its way.
    await live.worker?.request({ type: 'sync' });
    const path = pathBack(this.#chain(live), number, (after) =>
      this.#store.executions.effects(live.id, after, number),
    );
    if (path === undefined) {
      const message = `session ${live.id}: its state before ${reference} is no longer kept; see the setting undo`;
      throw new RuntimeError('STATE_UNAVAILABLE', message);
    }
    const { shadow } = live;
    const last = path.at(-1);
    if (shadow === undefined || last === undefined) return;
    for (const undo of readable(live, () => path.map((step) => step.undo()))) applyUndo(shadow, undo);
    live.history.truncate(last.number);
    live.state = { ...live.state, lastExecution: this.#store.executions.lastOf(live.id) };
    live.record = { ...live.record, restoredFrom: `before execution ${reference}` };
    live.dirty = true;
    const { nextTimerMs } = await this.#residents.reload(live);
    this.#keeper.planTimer(live, nextTimerMs);
    const now = new Date().toISOString();
    await this.#keeper.save(live, () => this.#store.executions.undoFrom(live.id, number, now));
  }

  /** The session's changes, oldest first: those in the store, then those that are only in memory. */
  #chain(live: LiveSession): Step[] {
    const inMemory = live.history.entries.map((entry) => ({ ...entry, undo: () => entry.undo }));
    const first = inMemory[0]?.number ?? Infinity;
    const stored = this.#store.states
      .undos(live.id)
      .filter(({ number }) => number < first)
      .map((undo) => ({ number: undo.number, execution: undo.execution, undo: () => unpackUndo(undo) }));
    const newest = stored.at(-1)?.number;
    const contiguous = newest === undefined || inMemory.length === 0 || newest === first - 1;
    return contiguous ? [...stored, ...inMemory] : inMemory;
  }
}

/** What `read` answers; a damaged image is STATE_UNAVAILABLE. */
function readable<T>({ id }: LiveSession, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new RuntimeError('STATE_UNAVAILABLE', `session ${id}: ${error.message}`, { cause: error });
  }
}
