// Signals to what they ask for: one orderly end, at once if asked twice; and new settings.
import { constants } from 'node:os';

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
export type StopSignal = (typeof signals)[number];

export interface SignalHandlers {
  stop: (signal: StopSignal) => void;
  /** At any further signal to stop, with 128 + its number. */
  exit: (status: number) => void;
  /** At SIGHUP. Without it SIGHUP stops: it is what a terminal sends when it goes away. */
  reload?: (() => void) | undefined;
}

/** Listens to signals until the process ends. */
export function onSignals({ stop, exit, reload }: SignalHandlers): void {
  let stopping = false;
  for (const signal of signals) {
    process.on(signal, () => {
      if (signal === 'SIGHUP' && reload !== undefined) return reload();
      if (stopping) return exit(128 + constants.signals[signal]);
      stopping = true;
      stop(signal);
    });
  }
}
