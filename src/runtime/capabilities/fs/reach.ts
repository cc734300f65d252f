// What of the file system a session may touch: real paths, decided from the worktree and the `fs` grants alone.
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { Capability } from '../../../records/index.js';

export interface Grant {
  /** Absolute; real where it existed when the session was opened. */
  path: string;
  write: boolean;
}

/** The path that a capability names. */
interface Named {
  /** As the capability has it. */
  name: string;
  path: string;
  /** As the template has it, and with each link on its way followed: the last one is the real path. */
  forms: readonly string[];
}

export interface ReachOptions {
  worktree: string | undefined;
  /** Whether the worktree may be written to. */
  write: boolean;
  /** Those of kind `fs` count; what a disabled one names is closed. */
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
  readonly #named: readonly Named[];
  readonly #denied: readonly Named[];
  readonly #closed: readonly string[];
  readonly #keepsJournals: boolean;

  constructor({ worktree, write, capabilities, closed }: ReachOptions) {
    const named = capabilities.flatMap(({ kind, name, enabled, config }) => {
      const path = kind === 'fs' ? grantedPath(name, worktree) : undefined;
      if (path === undefined) return [];
      const allowed = { enabled, write: config['write'] === true };
      return [{ name, path: realPath(path), forms: formsOf(path), ...allowed }];
    });
    const tree = worktree === undefined ? [] : [{ name: worktree, path: worktree, forms: [worktree], write }];
    this.#grants = [...tree, ...named.filter(({ enabled }) => enabled)];
    this.#named = [...tree, ...named];
    this.#denied = named.filter(({ enabled }) => !enabled);
    this.#closed = [...neverReached, ...closed.map(realPath), ...this.#denied.map(({ path }) => path)];
    this.#keepsJournals = capabilities.some(
      ({ kind, name, enabled }) => (kind === 'module' || kind === 'global') && name === 'database' && enabled,
    );
  }

  /** Whether a real path may be read, or written. */
  allows(real: string, access: 'read' | 'write'): boolean {
    if (this.isClosed(real, access)) return false;
    return this.#grants.some(({ path, write }) => (access === 'read' || write) && isWithin(path, real));
  }

  /** Whether no grant reaches there. */
  isClosed(real: string, access: 'read' | 'write'): boolean {
    return this.#closed.some((folder) => closes(folder, real, access));
  }

  /** The name of the disabled capability that closes it. */
  deniedBy(real: string, access: 'read' | 'write'): string | undefined {
    return this.#denied.find(({ path, forms }) => [path, ...forms].some((form) => closes(form, real, access)))
      ?.name;
  }

  /**
   * Whether the name of a folder that is granted or denied, or of one around it, would change hands: a link put there in
   * its place would be what the capability means from the next time on.
   */
  holds(real: string): boolean {
    return this.#named.some(({ path, forms }) => [path, ...forms].some((form) => isWithin(real, form)));
  }

  /**
   * Whether SQLite would read a file of this name as the journal of a database that the session may open: what a
   * journal says SQLite does, to the removal of a file that it names.
   */
  isJournal(real: string): boolean {
    return this.#keepsJournals && real.endsWith('-journal');
  }
}

/** Whether `path` is `folder` or lies in it; both real. */
export const isWithin = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === sep ? sep : folder + sep);

/** Whether the path is in a folder that is closed. Whoever takes a folder away takes away what is in it. */
const closes = (closed: string, path: string, access: 'read' | 'write'): boolean =>
  isWithin(closed, path) || (access === 'write' && isWithin(path, closed));

/** A grant may be of what does not exist yet: then what exists of its path is made real. */
export const realPath = (path: string): string => realPaths()(path);

/** Absolute paths that no grant reaches into, for disabled capabilities name them. */
export const deniedPaths = (capabilities: readonly Capability[], worktree?: string): string[] =>
  capabilities.flatMap(({ kind, name, enabled }) =>
    kind === 'fs' && !enabled ? (grantedPath(name, worktree) ?? []) : [],
  );

/** What a name in a real folder leads to; of what is not there, where it would be. */
interface Found {
  real: string;
  isThere: boolean;
  inside: Map<string, Found>;
}

/** {@link realPath} for many paths, absolute ones: each name that they share is looked at once. */
export function realPaths(): (path: string) => string {
  const root: Found = { real: sep, isThere: true, inside: new Map() };
  return (path) => {
    const parts = resolve(path).split(sep).slice(1).filter(Boolean);
    let found = root;
    for (const [at, part] of parts.entries()) {
      const next: Found = found.inside.get(part) ?? lookAt(join(found.real, part));
      found.inside.set(part, next);
      found = next;
      if (!found.isThere) return join(found.real, ...parts.slice(at + 1));
    }
    return found.real;
  };
}

/** Behind what is missing, or leads nowhere, nothing is looked at. */
function lookAt(path: string): Found {
  try {
    const real = lstatSync(path).isSymbolicLink() ? realpathSync.native(path) : path;
    return { real, isThere: true, inside: new Map() };
  } catch {
    return { real: path, isThere: false, inside: new Map() };
  }
}

/** Links of links that are followed, as the system does. */
const greatestLinks = 40;

/** A path, and what it becomes with one link after the other followed. */
function formsOf(path: string): string[] {
  const forms = [path];
  for (let next = followFirst(path); next !== undefined && forms.length <= greatestLinks;) {
    forms.push(next);
    next = followFirst(next);
  }
  return forms;
}

/** The path with the first link on its way followed; `undefined` where there is none. */
function followFirst(path: string): string | undefined {
  const parts = path.split(sep);
  for (let count = 2; count <= parts.length; count++) {
    const entry = parts.slice(0, count).join(sep);
    try {
      return join(resolve(dirname(entry), readlinkSync(entry)), ...parts.slice(count));
    } catch {
      // No link; or nothing there, and then nothing behind it.
    }
  }
  return undefined;
}
