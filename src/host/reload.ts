// The settings that run and those read anew to what changes at once, and what waits for the next start.
import { isDeepStrictEqual } from 'node:util';
import type { Settings } from './settings.js';

export interface Reloaded {
  /** Names of settings that changed and hold from now on. */
  applied: string[];
  /** Names of settings that changed in the sources, and hold from the next start on. */
  needRestart: string[];
}

/** What can change while the daemon runs. */
const live = new Set<keyof Settings>([
  'logLevel',
  'history',
  'hibernateAfterMs',
  'idleExitMs',
  'shutdownGraceMs',
]);

/** The settings from now on, and what that changed. */
export function mergeSettings(running: Settings, read: Settings): { settings: Settings; changes: Reloaded } {
  const changed = (Object.keys(read) as (keyof Settings)[]).filter(
    (name) => !isDeepStrictEqual(running[name], read[name]),
  );
  const { logLevel, history, hibernateAfterMs, idleExitMs, shutdownGraceMs } = read;
  return {
    settings: { ...running, logLevel, history, hibernateAfterMs, idleExitMs, shutdownGraceMs },
    changes: {
      applied: changed.filter((name) => live.has(name)),
      needRestart: changed.filter((name) => !live.has(name)),
    },
  };
}
