// The store: one database, one file a noun, and what has to be put right after a daemon that did not stop cleanly.
import { openDatabase, type Connection } from './database.js';
import { ExecutionStore } from './executions.js';
import { ImageStore } from './images.js';
import { SessionStore } from './sessions.js';
import { TemplateStore } from './templates.js';

export class Store {
  readonly #connection: Connection;
  readonly templates: TemplateStore;
  readonly sessions: SessionStore;
  readonly executions: ExecutionStore;
  readonly images: ImageStore;

  constructor(path: string) {
    this.#connection = openDatabase(path);
    this.templates = new TemplateStore(this.#connection);
    this.sessions = new SessionStore(this.#connection);
    this.executions = new ExecutionStore(this.#connection);
    this.images = new ImageStore(this.#connection);
  }

  /** Turns what the last daemon left in the middle of something into what it is now. */
  recover(now: string): void {
    this.#connection.transaction(() => {
      this.executions.interruptRunning(now);
      this.sessions.crashStarting('the daemon went away while the session started');
      for (const session of this.sessions.ready()) {
        const lost = this.executions.keptAfter(session.id, this.images.lastExecution(session.id));
        if (lost.length === 0) continue;
        this.sessions.update({ ...session, lastError: lostEffects(lost) });
      }
    })();
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
