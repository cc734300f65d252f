// Bursts of events to one run each: a key's work begins when nothing touched it for a moment, and never twice at once.

/**
 * Editors write a file in several steps within some 10 ms, and the watcher reports at most one change of a file in
 * 50 ms: what it left out is on disk by the time that this has passed.
 */
const settleMs = 75;
/** A file that is written without a pause is still looked at this often. */
const patienceMs = 1000;

interface Pending {
  timer: NodeJS.Timeout | undefined;
  /** When it was first touched since its last run; 0: not since. */
  since: number;
  running: Promise<void> | undefined;
}

export class Settler {
  readonly #work: (key: string) => Promise<void>;
  /** As many as there are keys: those of the libraries that are followed. */
  readonly #pending = new Map<string, Pending>();
  #closed = false;

  /** `work` must not reject. */
  constructor(work: (key: string) => Promise<void>) {
    this.#work = work;
  }

  /** Something happened to `key`: its work will run once after the last touch. */
  touch(key: string): void {
    if (this.#closed) return;
    const pending = this.#pending.get(key) ?? { timer: undefined, since: 0, running: undefined };
    this.#pending.set(key, pending);
    if (pending.since === 0) pending.since = Date.now();
    if (pending.running !== undefined) return; // it runs again when it is done
    clearTimeout(pending.timer);
    const waitMs = Math.max(0, Math.min(settleMs, pending.since + patienceMs - Date.now()));
    pending.timer = setTimeout(() => this.#run(key, pending), waitMs);
    pending.timer.unref();
  }

  /** Runs nothing more, and resolves when nothing runs. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    for (const { running } of this.#pending.values()) await running;
    this.#pending.clear();
  }

  #run(key: string, pending: Pending): void {
    pending.timer = undefined;
    pending.since = 0;
    pending.running = this.#work(key).then(() => {
      pending.running = undefined;
      if (pending.since === 0) this.#pending.delete(key);
      else this.touch(key);
    });
  }
}
