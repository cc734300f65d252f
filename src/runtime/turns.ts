// One thing at a time in a session: whoever has the turn may use its engine, others wait in line or are refused.
import { RuntimeError } from './errors.js';

/** How many may wait: past that, waiting longer than any client would. */
const longestLine = 64;

/**
 * What a turn is for: a client's execution, which can be interrupted, another call of a client, or the runtime's own
 * upkeep, which is short and which no client asked for.
 */
export type Purpose = 'execution' | 'call' | 'upkeep';

export class Turns {
  #holder: Purpose | undefined;
  readonly #line: { purpose: Purpose; enter: () => void }[] = [];

  get isTaken(): boolean {
    return this.#holder !== undefined;
  }

  /** What the turn was taken for; `undefined` where nobody has it. */
  get holder(): Purpose | undefined {
    return this.#holder;
  }

  /** Whether a call has the turn or will have it before anybody who comes now. */
  get isCalled(): boolean {
    const isCall = (purpose: Purpose | undefined): boolean => purpose === 'execution' || purpose === 'call';
    return isCall(this.#holder) || this.#line.some(({ purpose }) => isCall(purpose));
  }

  /** Takes the turn, if nobody has it. Whoever takes it calls {@link end}. */
  tryTake(purpose: Purpose): boolean {
    if (this.#holder !== undefined) return false;
    this.#holder = purpose;
    return true;
  }

  /**
   * Waits for the turn, first come first served. Rejects with OVERLOADED where the line is full, with
   * REQUEST_CANCELLED where the signal aborts first.
   */
  take(purpose: Purpose, signal?: AbortSignal): Promise<void> {
    if (this.tryTake(purpose)) return Promise.resolve();
    if (this.#line.length >= longestLine) {
      return Promise.reject(
        new RuntimeError('OVERLOADED', `${longestLine} executions wait for this session already`),
      );
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#line.splice(this.#line.indexOf(waiter), 1);
        reject(
          new RuntimeError('REQUEST_CANCELLED', 'the request was cancelled while it waited for the session'),
        );
      };
      const enter = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const waiter = { purpose, enter };
      this.#line.push(waiter);
      if (signal?.aborted === true) leave();
      else signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Waits for the turn before all who wait, and is never refused: for what ends the session. */
  takeNext(purpose: Purpose): Promise<void> {
    if (this.tryTake(purpose)) return Promise.resolve();
    return new Promise((resolve) => this.#line.unshift({ purpose, enter: resolve }));
  }

  /** Gives the turn to the next in line. */
  end(): void {
    const next = this.#line.shift();
    this.#holder = next?.purpose;
    next?.enter();
  }
}
