// What of the file system a session may touch: real paths, decided from the worktree and the `fs` grants alone.
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve, sep } from 'node:path';
import type { Capability } from '../../../records/index.js';

export interface Grant {
  /** Absolute; real where it existed when the session was opened. */
  path: string;
  write: boolean;
}

export interface ReachOptions {
  worktree: string | undefined;
  /** Whether the worktree may be written to. */
  write: boolean;
  /** Those of kind `fs` count. */
  capabilities: readonly Capability[];
  /** Folders that no grant reaches into: the daemon's own. */
  closed: readonly string[];
}

/** Not files: what is there changes the machine, or leads to everything. */
export const neverReached = ['/proc', '/sys', '/dev'];

/** The absolute path that the name of an `fs` capability means: `~/` is the home, a relative one is in the worktree. */
export function grantedPath(name: string, worktree: string | undefined): string | undefined {
  if (name === '~' || name.startsWith('~/')) return resolve(homedir(), name.slice(2));
  if (isAbsolute(name)) return resolve(name);
  return worktree === undefined ? undefined : resolve(worktree, name);
}

export class Reach {
  readonly #grants: readonly Grant[];
  readonly #closed: readonly string[];

  constructor({ worktree, write, capabilities, closed }: ReachOptions) {
    const named = capabilities.flatMap(({ kind, name, enabled, config }): Grant[] => {
      const path = kind === 'fs' && enabled ? grantedPath(name, worktree) : undefined;
      return path === undefined ? [] : [{ path: realPath(path), write: config['write'] === true }];
    });
    this.#grants = worktree === undefined ? named : [{ path: worktree, write }, ...named];
    this.#closed = [...neverReached, ...closed.map(realPath)];
  }

  /** Whether a real path may be read, or written. */
  allows(real: string, access: 'read' | 'write'): boolean {
    if (this.#closed.some((folder) => isWithin(folder, real))) return false;
    // Whoever takes a folder away takes away what is in it.
    if (access === 'write' && this.#closed.some((folder) => isWithin(real, folder))) return false;
    return this.#grants.some(({ path, write }) => (access === 'read' || write) && isWithin(path, real));
  }
}

/** Whether `path` is `folder` or lies in it; both real. */
export const isWithin = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === sep ? sep : folder + sep);

/** A grant may be of what does not exist yet: then what exists of its path is made real. */
export function realPath(path: string): string {
  let rest = '';
  for (let existing = path; ; existing = resolve(existing, '..')) {
    try {
      return join(realpathSync(existing), rest);
    } catch {
      if (existing === sep) return path;
      rest = join(existing.slice(existing.lastIndexOf(sep) + 1), rest);
    }
  }
}
