// Timers, kept in the session's memory and run one at a time by the host: a list in the order in which they are due.
import {
  apply,
  dateNow,
  floor,
  isNaNNumber,
  mapClear,
  mapDelete,
  mapGet,
  mapSet,
  max,
  newMap,
  parseInt,
  splice,
  toNumber,
} from './primordials.js';

/** Pending timers of one session. A script that leaves more behind has lost count; each takes some 100 bytes. */
export const maxTimers = 10_000;
/** Longer delays become 1, as in Node: they do not fit the 32 bits that timers have everywhere. */
const maxDelayMs = 2 ** 31 - 1;

const NativeTypeError = TypeError;
const NativeRangeError = RangeError;

interface Timer {
  id: number;
  /** When, in milliseconds since the epoch: the clock that goes on while a session is stored. */
  due: number;
  /** Orders timers that are due together. */
  order: number;
  callback: (...args: unknown[]) => unknown;
  args: unknown[];
  /** Milliseconds between two calls of an interval; `undefined` for a timer that runs once. */
  every: number | undefined;
}

const queue: Timer[] = [];
const byId = newMap<number, Timer>();
let lastId = 0;
let lastOrder = 0;
/** How many of those in the queue repeat. */
let intervals = 0;
/** The interval whose callback runs, unless it was cleared. */
let running: Timer | undefined;

function add(name: string, callback: unknown, delayMs: number, args: unknown[], repeats: boolean): number {
  if (typeof callback !== 'function') {
    throw new NativeTypeError(`${name}: expected a function as the first argument, got ${typeof callback}`);
  }
  if (queue.length >= maxTimers) {
    throw new NativeRangeError(
      `${name}: ${maxTimers} timers are pending already; clear some with clearTimeout first`,
    );
  }
  const id = ++lastId;
  const every = repeats ? delayMs : undefined;
  schedule({ id, due: dateNow() + delayMs, order: 0, callback: callback as Timer['callback'], args, every });
  if (repeats) intervals++;
  return id;
}

function schedule(timer: Timer): void {
  timer.order = ++lastOrder;
  splice(queue, positionOf(timer), 0, timer);
  mapSet(byId, timer.id, timer);
}

/** The index of the first timer that is not before this one. */
function positionOf({ due, order }: Timer): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = floor((low + high) / 2);
    const other = queue[middle] as Timer;
    if (other.due < due || (other.due === due && other.order < order)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function remove(given: unknown): void {
  const id = typeof given === 'string' ? parseInt(given) : given;
  if (running?.id === id) running = undefined;
  const timer = mapGet(byId, id as number);
  if (timer === undefined) return;
  mapDelete(byId, timer.id);
  if (timer.every !== undefined) intervals--;
  splice(queue, positionOf(timer), 1);
}

function delayOf(value: unknown): number {
  const delayMs = toNumber(value);
  return isNaNNumber(delayMs) || delayMs < 1 || delayMs > maxDelayMs ? 1 : floor(delayMs);
}

/** What scripts call. */
export const timerFunctions = {
  setTimeout(callback: unknown, delayMs?: unknown, ...args: unknown[]): number {
    return add('setTimeout', callback, delayOf(delayMs), args, false);
  },
  setInterval(callback: unknown, delayMs?: unknown, ...args: unknown[]): number {
    return add('setInterval', callback, delayOf(delayMs), args, true);
  },
  setImmediate(callback: unknown, ...args: unknown[]): number {
    return add('setImmediate', callback, 0, args, false);
  },
  clearTimeout(id?: unknown): void {
    remove(id);
  },
  clearInterval(id?: unknown): void {
    remove(id);
  },
  clearImmediate(id?: unknown): void {
    remove(id);
  },
};

/** Throws `error` out of a timer of its own, where the host reports it as uncaught; past the bound it is dropped. */
export function throwLater(error: unknown): void {
  if (queue.length >= maxTimers) return;
  const callback = (): never => {
    throw error;
  };
  schedule({ id: ++lastId, due: dateNow(), order: 0, callback, args: [], every: undefined });
}

/** Milliseconds until the next timer is due, 0 where one is, -1 where there is none. */
export function nextTimer(): number {
  const next = queue[0];
  return next === undefined ? -1 : max(0, next.due - dateNow());
}

/** How many timers are pending that run once. */
export const oneShots = (): number => queue.length - intervals;

/**
 * Runs the callback of the first timer, if it is due. What it throws goes to the host; an interval that threw, or
 * was interrupted, is not run again. Returns how many ran: 1 or 0.
 */
export function runTimer(): number {
  const timer = queue[0];
  if (timer === undefined || timer.due > dateNow()) return 0;
  splice(queue, 0, 1);
  mapDelete(byId, timer.id);
  if (timer.every === undefined) {
    apply(timer.callback, undefined, timer.args);
    return 1;
  }
  intervals--;
  running = timer;
  apply(timer.callback, undefined, timer.args);
  // Cleared by its own callback, it is not what runs any more.
  if (running === timer) {
    running = undefined;
    intervals++;
    timer.due = dateNow() + timer.every;
    schedule(timer);
  }
  return 1;
}

/** Lets every timer be due so much later: the session was not there for that long. */
export function shiftTimers(ms: number): void {
  for (let index = 0; index < queue.length; index++) (queue[index] as Timer).due += ms;
}

export function clearTimers(): void {
  splice(queue, 0, queue.length);
  mapClear(byId);
  intervals = 0;
  running = undefined;
}
