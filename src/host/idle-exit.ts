// Nothing to do for long enough to the end of the daemon: nobody is connected, no call or timer runs, and no timer is
// due sooner than it would take to be idle again.
import type { Pending } from '../runtime/types.js';

export interface IdleExitOptions {
  /** Idle for so long it leaves; 0 for never. */
  afterMs: number;
  /** Connections, and requests that outlived theirs. */
  isInUse: () => boolean;
  pending: () => Pending;
  leave: () => void;
  now?: () => number;
}

export interface IdleExit {
  /** To be told when connections come and go. */
  check(): void;
  /** Begins to count anew. */
  setAfter(afterMs: number): void;
  close(): void;
}

/** What runs without a client is looked at again after so long. */
const lookAgainMs = 1000;
/** The longest wait of a timer of Node. */
const longestMs = 2 ** 31 - 1;

/** A clock that runs while the daemon is idle, and ends it. */
export function createIdleExit({
  isInUse,
  pending,
  leave,
  now = Date.now,
  ...options
}: IdleExitOptions): IdleExit {
  let { afterMs } = options;
  let timer: NodeJS.Timeout | undefined;
  let last: NodeJS.Immediate | undefined;
  let idleSince = now();

  const arm = (inMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(Math.max(0, inMs), longestMs)).unref();
  };
  /** Whether nothing holds it; where something does that nobody tells us of, it is looked at again. */
  const mayLeave = (): boolean => {
    if (isInUse()) return false; // whoever leaves last has `check` called
    const { executions, nextTimerAt = Infinity } = pending();
    if (executions > 0) {
      idleSince = now();
      arm(Math.min(afterMs, lookAgainMs));
      return false;
    }
    const leftMs = idleSince + afterMs - now();
    if (leftMs > 0) {
      arm(leftMs);
      return false;
    }
    // A timer that is due soon is waited for; it runs, and then the count begins anew.
    const dueInMs = nextTimerAt - now();
    if (dueInMs <= afterMs) {
      idleSince = now();
      arm(Math.max(dueInMs, Math.min(afterMs, lookAgainMs)));
      return false;
    }
    return true;
  };
  const look = (): void => {
    if (!mayLeave()) return;
    // Who connected while the event loop was busy is accepted after its timers, and before this: without it a busy
    // machine could start daemon after daemon for a client that none of them sees.
    last = setImmediate(() => {
      if (mayLeave()) leave();
    });
  };
  const halt = (): void => {
    clearTimeout(timer);
    clearImmediate(last);
  };
  const check = (): void => {
    halt();
    if (afterMs === 0 || isInUse()) return;
    idleSince = now();
    arm(afterMs);
  };
  check();
  return {
    check,
    setAfter: (ms) => {
      afterMs = ms;
      check();
    },
    close: () => {
      afterMs = 0;
      halt();
    },
  };
}
