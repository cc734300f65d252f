// The store: one database, one file a noun, and what has to be put right after a daemon that did not stop cleanly.
import type { SessionId } from '../../records/index.js';
import { BaseStore } from './bases.js';
import { CheckpointStore } from './checkpoints.js';
import { openDatabase, type Connection } from './database.js';
import { ExecutionStore } from './executions.js';
import { ImageStore } from './images.js';
import { PresenceStore } from './presence.js';
import { SessionStore, type StoredSession } from './sessions.js';
import { StateStore } from './states.js';
import { TemplateStore } from './templates.js';
import { WarmStartStore } from './warm-starts.js';

export class Store {
  readonly #connection: Connection;
  readonly templates: TemplateStore;
  readonly sessions: SessionStore;
  readonly executions: ExecutionStore;
  readonly bases: BaseStore;
  readonly images: ImageStore;
  readonly states: StateStore;
  readonly checkpoints: CheckpointStore;
  readonly warmStarts: WarmStartStore;
  readonly presence: PresenceStore;

  constructor(path: string) {
    this.#connection = openDatabase(path);
    this.templates = new TemplateStore(this.#connection);
    this.sessions = new SessionStore(this.#connection);
    this.executions = new ExecutionStore(this.#connection);
    this.bases = new BaseStore(this.#connection);
    this.images = new ImageStore(this.#connection);
    this.states = new StateStore(this.#connection);
    this.checkpoints = new CheckpointStore(this.#connection);
    this.warmStarts = new WarmStartStore(this.#connection);
    this.presence = new PresenceStore(this.#connection, Date.now());
  }

  /** Turns what the last daemon left in the middle of something into what it is now. */
  recover(now: string): void {
    this.#connection.transaction(() => {
      this.executions.interruptRunning(now);
      for (const id of this.sessions.idsStarting()) {
        const session = this.sessions.find(id);
        const lastError = 'the daemon went away while the session started';
        if (session !== undefined) this.endSession({ ...session, status: 'crashed', lastError });
      }
      for (const [id, lost] of this.states.lost()) {
        const session = this.sessions.find(id);
        if (session !== undefined) this.sessions.update({ ...session, lastError: lostEffects(lost) });
        this.executions.undoFrom(id, this.states.find(id).lastExecution + 1, now);
      }
      this.images.sweep();
    })();
  }

  /** Writes that a session has ended, and deletes its states: nobody can come back to them. */
  endSession(session: StoredSession): void {
    this.atomically(() => {
      this.sessions.update(session);
      this.#dropStates(session.id);
    });
  }

  /** Deletes a session, its executions and states. */
  deleteSession(session: SessionId): void {
    this.atomically(() => {
      this.#dropStates(session);
      this.sessions.delete(session);
    });
  }

  /** Deletes a session's state, checkpoints and history, and the images that were its alone. */
  #dropStates(session: SessionId): void {
    const images = [this.states.find(session).image, ...this.checkpoints.images(session)];
    this.states.delete(session);
    this.checkpoints.deleteAll(session);
    for (const image of images) this.images.drop(image);
  }

  /** Runs `work` as one transaction: all of it is written, or nothing. */
  atomically<T>(work: () => T): T {
    return this.#connection.transaction(work)();
  }

  close(): void {
    this.#connection.close();
  }
}

/** Executions named in a session's `lastError`; the rest are counted. */
const namedAtMost = 20;

function lostEffects(lost: readonly string[]): string {
  const named = lost.slice(-namedAtMost).join(', ');
  const more = lost.length > namedAtMost ? ` and ${lost.length - namedAtMost} before them` : '';
  return `the daemon went away; the effect of these executions on the session is lost: ${named}${more}`;
}
