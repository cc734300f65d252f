// AbortController and AbortSignal, by the DOM standard.
import { DOMException } from './dom-exception.js';
import { Event, EventTarget } from './events.js';

/** Shown to be needed by who makes a signal: scripts cannot. */
const key = Symbol('AbortSignal');
let abort: (signal: AbortSignal, reason: unknown) => void;

export class AbortSignal extends EventTarget {
  #aborted = false;
  #reason: unknown = undefined;
  onabort: ((event: Event) => void) | null = null;

  static {
    abort = (signal, reason) => signal.#abort(reason);
  }

  constructor(given?: unknown) {
    if (given !== key)
      throw new TypeError('AbortSignal: cannot be constructed; use new AbortController().signal');
    super();
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  #abort(reason: unknown = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const event = new Event('abort');
    if (this.onabort !== null) this.addEventListener('abort', this.onabort, { once: true });
    this.dispatchEvent(event);
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(key);
    signal.#abort(reason);
    return signal;
  }

  /** A signal that is aborted after `ms` milliseconds. */
  static timeout(ms: number): AbortSignal {
    const signal = new AbortSignal(key);
    tools.setTimeout(() => {
      signal.#abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    }, ms);
    return signal;
  }

  /** A signal that is aborted as soon as one of these is. */
  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const signal = new AbortSignal(key);
    for (const source of signals) {
      if (source.aborted) signal.#abort(source.reason);
      else source.addEventListener('abort', () => signal.#abort(source.reason), { once: true, signal });
    }
    return signal;
  }
}

export class AbortController {
  readonly #signal = new AbortSignal(key);

  get signal(): AbortSignal {
    return this.#signal;
  }

  abort(reason?: unknown): void {
    abort(this.#signal, reason);
  }
}
