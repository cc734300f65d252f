// Environment and config file to the places that units name: by the same rules as the daemon's, so that it keeps the
// same state however it is started.
import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod';
import type { Environment } from '../context.js';

export interface Places {
  home: string;
  configHome: string;
  stateDir: string;
  cacheDir: string;
  /** Why the config file could not be read: then these are the places without it. */
  configFault: string | undefined;
}

const ConfigFile = z.looseObject({ stateDir: z.string().optional(), cacheDir: z.string().optional() });

/** A variable of the daemon wins over the config file, and that over the XDG variables. */
export function findPlaces(env: Environment): Places {
  const home = absolute(env['HOME']) ?? homedir();
  const configHome = absolute(env['XDG_CONFIG_HOME']) ?? join(home, '.config');
  const { config, configFault } = readConfig(join(configHome, 'vmsys', 'config.json'));
  const place = (variable: string, set: string | undefined, xdg: string, usual: string): string => {
    if (env[variable]) return resolve(env[variable]);
    if (set !== undefined) return set.startsWith('~/') ? join(home, set.slice(2)) : set;
    return join(absolute(env[xdg]) ?? join(home, usual), 'vmsys');
  };
  return {
    home,
    configHome,
    stateDir: place('VMSYS_STATE_DIR', config.stateDir, 'XDG_STATE_HOME', '.local/state'),
    cacheDir: place('VMSYS_CACHE_DIR', config.cacheDir, 'XDG_CACHE_HOME', '.cache'),
    configFault,
  };
}

/** Which of them the units must name, because `%h` of systemd does not lead there. */
export function unusual({ home, ...places }: Omit<Places, 'configFault'>): {
  stateDir: string | undefined;
  cacheDir: string | undefined;
  configHome: string | undefined;
} {
  const usualHome = userInfo().homedir === home;
  const given = (path: string, usual: string): string | undefined =>
    usualHome && path === join(home, usual) ? undefined : path;
  return {
    stateDir: given(places.stateDir, '.local/state/vmsys'),
    cacheDir: given(places.cacheDir, '.cache/vmsys'),
    configHome: given(places.configHome, '.config'),
  };
}

function readConfig(path: string): {
  config: z.infer<typeof ConfigFile>;
  configFault: string | undefined;
} {
  if (!existsSync(path)) return { config: {}, configFault: undefined };
  try {
    return { config: ConfigFile.parse(JSON.parse(readFileSync(path, 'utf8'))), configFault: undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      config: {},
      configFault: `the config file ${path} cannot be read (${reason}); correct it, for the daemon would not start with it`,
    };
  }
}

const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && isAbsolute(path) ? path : undefined;
