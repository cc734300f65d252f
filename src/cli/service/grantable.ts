// Whether a folder may be granted for writing: not where that would be the way out of the sandbox.
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { UsageFault } from '../fault.js';
import { findInstallation, isWithin } from './installation.js';
import { findPlaces } from './places.js';
import type { Scope } from './scope.js';

/**
 * The folders whose content is run outside of the sandbox, by systemd, the desktop or a shell, and those that are the
 * daemon's own. Whoever writes there is in no sandbox any more.
 */
export function guardedFolders(scope: Scope, unitPath: readonly string[]): string[] {
  const { home, configHome } = findPlaces(scope.env);
  const { root, programs } = findInstallation();
  const inPath = (scope.env['PATH'] ?? '')
    .split(':')
    .filter((path) => isAbsolute(path) && isWithin(path, home));
  return [
    scope.unitFolder,
    ...unitPath,
    scope.stateDir,
    scope.cacheDir,
    root,
    ...programs,
    join(configHome, 'environment.d'),
    join(configHome, 'autostart'),
    join(home, '.local', 'bin'),
    ...inPath,
  ];
}

/** The real path of a folder that may be granted; throws UsageFault for one that holds, or is in, a guarded one. */
export function requireGrantable(folder: string, guarded: readonly string[]): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UsageFault(`--write ${folder}: expected a folder that exists`);
  }
  const real = realpathSync(folder);
  const at = guarded.find((place) => isWithin(realPlace(place), real) || isWithin(real, realPlace(place)));
  if (at === undefined) return real;
  throw new UsageFault(
    `--write ${folder}: that would let sessions change ${at}, and so leave the sandbox; grant a narrower folder`,
  );
}

/** Where a path leads, of which the last parts need not exist yet. */
function realPlace(path: string): string {
  if (existsSync(path) || path === dirname(path)) return realpathSync(path);
  return join(realPlace(dirname(path)), basename(path));
}
