// One thing at a time in a session: whoever has the turn may use its engine, others wait in line or are refused.
import { RuntimeError } from './errors.js';

/** How many may wait: past that, waiting longer than any client would. */
const longestLine = 64;

export class Turns {
  #taken = false;
  readonly #line: (() => void)[] = [];

  get isTaken(): boolean {
    return this.#taken;
  }

  /** Takes the turn, if nobody has it. Whoever takes it calls {@link end}. */
  tryTake(): boolean {
    if (this.#taken) return false;
    this.#taken = true;
    return true;
  }

  /**
   * Waits for the turn, first come first served. Rejects with OVERLOADED where the line is full, with
   * REQUEST_CANCELLED where the signal aborts first.
   */
  take(signal?: AbortSignal): Promise<void> {
    if (this.tryTake()) return Promise.resolve();
    if (this.#line.length >= longestLine) {
      return Promise.reject(
        new RuntimeError('OVERLOADED', `${longestLine} executions wait for this session already`),
      );
    }
    return new Promise((resolve, reject) => {
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#line.splice(this.#line.indexOf(enter), 1);
        reject(
          new RuntimeError('REQUEST_CANCELLED', 'the request was cancelled while it waited for the session'),
        );
      };
      if (signal?.aborted === true) {
        reject(new RuntimeError('REQUEST_CANCELLED', 'the request was cancelled before it began'));
        return;
      }
      this.#line.push(enter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Gives the turn to the next in line. */
  end(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}
