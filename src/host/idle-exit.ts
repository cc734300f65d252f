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
  let idleSince = now();

  const arm = (inMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(Math.max(0, inMs), longestMs)).unref();
  };
  const look = (): void => {
    if (isInUse()) return; // whoever leaves last has `check` called
    const { executions, nextTimerAt = Infinity } = pending();
    if (executions > 0) {
      idleSince = now();
      return arm(Math.min(afterMs, lookAgainMs));
    }
    const leftMs = idleSince + afterMs - now();
    if (leftMs > 0) return arm(leftMs);
    // A timer that is due soon is waited for; it runs, and then the count begins anew.
    const dueInMs = nextTimerAt - now();
    if (dueInMs <= afterMs) {
      idleSince = now();
      return arm(Math.max(dueInMs, Math.min(afterMs, lookAgainMs)));
    }
    clearTimeout(timer);
    leave();
  };
  const check = (): void => {
    clearTimeout(timer);
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
      clearTimeout(timer);
    },
  };
}
