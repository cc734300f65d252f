// Environment to the folder where the CLI keeps its own few files: the prompt's history, a started daemon's log.
import { mkdirSync } from 'node:fs';
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
