// Signals to the process to one AbortSignal: the first asks the command to end, a second one ends it at once.
import { exitStatus } from './fault.js';

export interface Interruption {
  signal: AbortSignal;
  /** The exit status that the signal asks for, once there was one. */
  status(): number | undefined;
  /** Asks the command to end with this status, for another reason than a signal. */
  end(status: number): void;
}

const statuses = { SIGINT: exitStatus.cancelled, SIGTERM: 143, SIGHUP: 129 } as const;

/** Listens from now to the end of the process. */
export function listenForSignals(): Interruption {
  const controller = new AbortController();
  let status: number | undefined;
  const end = (wanted: number): void => {
    if (controller.signal.aborted) return;
    status = wanted;
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(statuses[name]);
      end(statuses[name]);
    });
  }
  return { signal: controller.signal, status: () => status, end };
}
