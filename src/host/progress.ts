// What a long call reports, to notifications that a client can keep up with.
import type { LibraryProgress, ProgressToken } from '../rpc/methods/lib.js';
import type { ConnectionHandle } from '../rpc/server.js';

export interface ProgressReport {
  /** Sends each step as it begins and ends, and in between now and then how far it is. */
  report(value: LibraryProgress): void;
  /** From here on nothing is sent: the reply is the last that is heard of a call. */
  end(): void;
}

/** A bar that moves ten times a second moves smoothly; a download reports each of its thousand pieces. */
const minIntervalMs = 100;

export function progressTo(connection: ConnectionHandle, token: ProgressToken): ProgressReport {
  /** By library: as many as one call adds. */
  const sent = new Map<string, { step: string; at: number }>();
  let isOver = false;
  return {
    report: (value) => {
      if (isOver) return;
      const { library, step, done, total } = value;
      const last = sent.get(library);
      const isEnd = done !== undefined && done === total;
      const now = performance.now();
      if (last?.step === step && !isEnd && now - last.at < minIntervalMs) return;
      sent.set(library, { step, at: now });
      connection.notify('$/progress', { token, value });
    },
    end: () => {
      isOver = true;
    },
  };
}
