// Environment to the folder where the CLI keeps its own few files: the prompt's history, a started daemon's log.
import { constants, mkdirSync, openSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from './context.js';

/** `$XDG_STATE_HOME/vmsys`, else `~/.local/state/vmsys`; made with mode 0700 where it does not exist. */
export function stateFolder(env: Environment): string {
  const home = env['XDG_STATE_HOME'];
  const base = home && isAbsolute(home) ? home : join(env['HOME'] ?? homedir(), '.local', 'state');
  const folder = join(base, 'vmsys');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/**
 * Opens one of these files to read and append; made with mode 0600 where it does not exist. Not through a link: programs
 * in the daemon's sandbox can write to this folder, and we are in none.
 */
export const openOwnFile = (path: string): number =>
  openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
