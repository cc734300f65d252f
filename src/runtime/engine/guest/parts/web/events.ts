// Events as the DOM standard has them, without a tree: what is dispatched reaches the listeners of its target.

/** Listeners of one target. More of them is a leak in the script. */
const maxListeners = 10_000;

interface Listener {
  callback: object;
  capture: boolean;
  once: boolean;
  removed: boolean;
}

interface ListenerOptions {
  capture?: boolean;
  once?: boolean;
  signal?: EventTarget & { readonly aborted: boolean };
}

/** What a target sets of an event while it is dispatched; nobody else gets hold of it. */
interface Dispatch {
  target: EventTarget;
  stopped: boolean;
}

const dispatches = new WeakMap<Event, Dispatch>();

export class Event {
  readonly type: string;
  readonly cancelable: boolean;
  readonly bubbles: boolean;
  readonly timeStamp = performance.now();
  #prevented = false;

  constructor(type: unknown, options: { cancelable?: boolean; bubbles?: boolean } = {}) {
    if (arguments.length === 0)
      throw new TypeError('Event: expected the type as the first argument, got nothing');
    this.type = String(type);
    this.cancelable = options.cancelable === true;
    this.bubbles = options.bubbles === true;
  }

  get target(): EventTarget | null {
    return dispatches.get(this)?.target ?? null;
  }

  get currentTarget(): EventTarget | null {
    return this.target;
  }

  get defaultPrevented(): boolean {
    return this.#prevented;
  }

  preventDefault(): void {
    if (this.cancelable) this.#prevented = true;
  }

  stopPropagation(): void {}

  stopImmediatePropagation(): void {
    const dispatch = dispatches.get(this);
    if (dispatch !== undefined) dispatch.stopped = true;
  }
}

export class CustomEvent extends Event {
  readonly detail: unknown;

  constructor(type: unknown, options: { cancelable?: boolean; bubbles?: boolean; detail?: unknown } = {}) {
    super(type, options);
    this.detail = options.detail ?? null;
  }
}

export class EventTarget {
  readonly #listeners = new Map<string, Listener[]>();

  addEventListener(type: unknown, callback: unknown, given: boolean | ListenerOptions = {}): void {
    if (callback === null || callback === undefined) return;
    if (typeof callback !== 'function' && typeof callback !== 'object') {
      throw new TypeError(
        `addEventListener: expected a function or an object with handleEvent, got ${typeof callback}`,
      );
    }
    const options = typeof given === 'object' ? given : { capture: given };
    if (options.signal?.aborted === true) return;
    const name = String(type);
    const listeners = this.#listeners.get(name) ?? [];
    const capture = options.capture === true;
    if (listeners.some((known) => known.callback === callback && known.capture === capture)) return;
    if (listeners.length >= maxListeners) {
      throw new RangeError(
        `addEventListener: "${name}" has ${maxListeners} listeners already; remove some first`,
      );
    }
    this.#listeners.set(name, [
      ...listeners,
      { callback, capture, once: options.once === true, removed: false },
    ]);
    options.signal?.addEventListener('abort', () => this.removeEventListener(name, callback, { capture }), {
      once: true,
    });
  }

  removeEventListener(type: unknown, callback: unknown, given: boolean | { capture?: boolean } = {}): void {
    const capture = typeof given === 'object' ? given.capture === true : given;
    const name = String(type);
    const listeners = this.#listeners.get(name) ?? [];
    const isIt = (known: Listener): boolean => known.callback === callback && known.capture === capture;
    for (const listener of listeners) if (isIt(listener)) listener.removed = true;
    this.#listeners.set(
      name,
      listeners.filter((known) => !isIt(known)),
    );
  }

  /** Calls the listeners in turn; what one throws is reported as uncaught and the others are called all the same. */
  dispatchEvent(event: Event): boolean {
    const dispatch: Dispatch = { target: this, stopped: false };
    dispatches.set(event, dispatch);
    for (const listener of this.#listeners.get(event.type) ?? []) {
      if (dispatch.stopped) break;
      if (listener.removed) continue;
      if (listener.once) this.removeEventListener(event.type, listener.callback, listener.capture);
      try {
        call(listener.callback, this, event);
      } catch (error) {
        tools.throwLater(error);
      }
    }
    return !event.defaultPrevented;
  }
}

function call(callback: object, target: EventTarget, event: Event): void {
  if (typeof callback === 'function') callback.call(target, event);
  else (callback as { handleEvent?: (event: Event) => void }).handleEvent?.(event);
}
