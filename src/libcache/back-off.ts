// Work that failed for a reason that passes, done again: soon at first, then ever less often, until it is done.

const firstMs = 500;
/** A full disk or a lock that hangs may last; a look once a minute costs nothing. */
const longestMs = 60_000;

export class BackOff {
  readonly #again: (key: string) => void;
  /** One for each key that failed last: those of the libraries that are followed. */
  readonly #waiting = new Map<string, { timer: NodeJS.Timeout; waitMs: number }>();
  #closed = false;

  constructor(again: (key: string) => void) {
    this.#again = again;
  }

  /** `again` is called with `key` later, twice as late as the last time. */
  failed(key: string): void {
    if (this.#closed) return;
    const before = this.#waiting.get(key);
    clearTimeout(before?.timer);
    const waitMs = before === undefined ? firstMs : Math.min(2 * before.waitMs, longestMs);
    const timer = setTimeout(() => this.#again(key), waitMs);
    timer.unref();
    this.#waiting.set(key, { timer, waitMs });
  }

  done(key: string): void {
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    for (const key of this.#waiting.keys()) this.done(key);
  }
}
