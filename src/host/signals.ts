// Signals to one orderly end; a second one ends the process at once.
import { constants } from 'node:os';

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
export type StopSignal = (typeof signals)[number];

/** Calls `stop` at the first signal, and `exit` with 128 + its number at any further one. */
export function onSignals(stop: (signal: StopSignal) => void, exit: (status: number) => void): void {
  let stopping = false;
  for (const signal of signals) {
    process.on(signal, () => {
      if (stopping) return exit(128 + constants.signals[signal]);
      stopping = true;
      stop(signal);
    });
  }
}
