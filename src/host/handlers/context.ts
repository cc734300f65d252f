// What the handlers of all groups are made from.
import type { LibraryCache } from '../../libcache/types.js';
import type { Runtime } from '../../runtime/types.js';
import type { Delivery } from '../delivery.js';
import type { LogTarget } from '../log-target.js';
import type { Log } from '../log.js';
import type { Reloaded } from '../reload.js';

export interface HandlerContext {
  runtime: Runtime;
  libraries: LibraryCache;
  delivery: Delivery;
  log: Log;
  info: DaemonInfo;
  /** The setting, as it is now. */
  idleExitMs: () => number;
  /** The text of `system.metrics`. */
  metrics: () => { contentType: string; text: string };
  /** Begins the shutdown; what is in flight is answered. */
  shutdown: () => void;
  /** Reads the settings anew. Throws StartError where they do not fit. */
  reload: () => Reloaded;
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
  log: LogTarget;
}
