// What a worker asks of the main thread while its script waits, and what comes back, over a port of their own.
import type { HostValue } from '../../engine/module-host.js';

/** What the main thread does for scripts: each may take long, and can be stopped. */
export type ServiceName = 'exec' | 'database' | 'net';

export type OutsideMessage =
  | { type: 'request'; id: number; service: ServiceName; request: HostValue }
  /** Stop it, and answer as soon as nothing of it is left. */
  | { type: 'abort'; id: number };

export type OutsideAnswer =
  { type: 'value'; id: number; value: HostValue } | { type: 'error'; id: number; error: WireError };

/** A HostError on its way between threads. */
export interface WireError {
  code: string;
  message: string;
  fields: { syscall?: string; path?: string; dest?: string; errno?: number };
}

/** The word that both threads see: how many answers were posted. */
export const wordBytes = Int32Array.BYTES_PER_ELEMENT;
