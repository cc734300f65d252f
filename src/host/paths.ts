// Where the daemon keeps its things, from the environment. Pure: nothing is looked up on the disk.
// https://specifications.freedesktop.org/basedir-spec: a variable that is empty or not absolute counts as unset.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

export type Env = Readonly<Record<string, string | undefined>>;

/** Folder of the database and the locks: `$XDG_STATE_HOME/vmsys`, else `~/.local/state/vmsys`. */
export const defaultStateDir = (env: Env): string => base(env, 'XDG_STATE_HOME', ['.local', 'state']);

/** Folder of the libraries: `$XDG_CACHE_HOME/vmsys`, else `~/.cache/vmsys`. */
export const defaultCacheDir = (env: Env): string => base(env, 'XDG_CACHE_HOME', ['.cache']);

/** The config file: `$XDG_CONFIG_HOME/vmsys/config.json`, else `~/.config/vmsys/config.json`. */
export const defaultConfigPath = (env: Env): string =>
  join(base(env, 'XDG_CONFIG_HOME', ['.config']), 'config.json');

export const databasePath = (stateDir: string): string => join(stateDir, 'vmsys.db');

/** The user's home: `$HOME`, else what the system's user database says. */
export const home = (env: Env): string => absolute(env['HOME']) ?? homedir();

function base(env: Env, variable: string, fallback: readonly string[]): string {
  return join(absolute(env[variable]) ?? join(home(env), ...fallback), 'vmsys');
}

const absolute = (path: string | undefined): string | undefined =>
  path !== undefined && isAbsolute(path) ? path : undefined;
