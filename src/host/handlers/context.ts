// What the handlers of all groups are made from.
import type { LibraryCache } from '../../libcache/types.js';
import type { Runtime } from '../../runtime/types.js';
import type { Delivery } from '../delivery.js';
import type { Log } from '../log.js';

export interface HandlerContext {
  runtime: Runtime;
  libraries: LibraryCache;
  delivery: Delivery;
  log: Log;
  info: DaemonInfo;
  /** The text of `system.metrics`. */
  metrics: () => { contentType: string; text: string };
  /** Begins the shutdown, after what is in flight was answered. */
  shutdown: () => void;
}

/** What does not change while the daemon runs. */
export interface DaemonInfo {
  version: string;
  pid: number;
  startedAt: Date;
  activation: 'systemd' | 'direct';
  socketPath: string;
  databasePath: string;
  libraryPath: string;
}
