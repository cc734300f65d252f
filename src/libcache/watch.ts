// Paths to a call whenever what is there may have changed: written, renamed over, deleted, put back, its folder
// replaced. It watches the folders, since a file that an editor saves by renaming is another file each time.
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';

/** A replaced folder tells only those who watched the old one, a switched link nobody: its identity is looked at this often. */
const identityCheckMs = 2000;
/** As a name in a path that is followed: everything in the folder. */
export const anyName = '*';
/** The kernel watches 8,192 folders and more for a user by default; we leave the others theirs. */
const maxFolders = 1000;

export interface WatchHooks {
  /** `path` may have changed, or just become watched: look what is there now. */
  onTouch(path: string): void;
  onProblem(message: string, error?: unknown): void;
}

export class Watcher {
  readonly #hooks: WatchHooks;
  readonly #folders = new Map<string, FolderWatch>();
  readonly #timer: NodeJS.Timeout;
  #isOverfull = false;

  constructor(hooks: WatchHooks) {
    this.#hooks = hooks;
    this.#timer = setInterval(() => this.#checkIdentities(), identityCheckMs);
    this.#timer.unref();
  }

  /** Watches exactly these paths, which need not exist; a path that is new to it is touched once it is watched. */
  follow(paths: Iterable<string>): void {
    const wanted = new Map<string, Set<string>>();
    for (const path of paths) {
      const folder = dirname(path);
      const names = wanted.get(folder) ?? new Set();
      wanted.set(folder, names.add(basename(path)));
    }
    for (const [path, folder] of this.#folders) {
      if (wanted.has(path)) continue;
      this.#folders.delete(path);
      folder.close();
    }
    for (const [path, names] of wanted) {
      const folder = this.#folders.get(path) ?? this.#open(path);
      folder?.follow(names);
    }
  }

  /** Idempotent. */
  close(): void {
    clearInterval(this.#timer);
    for (const folder of this.#folders.values()) folder.close();
    this.#folders.clear();
  }

  #open(path: string): FolderWatch | undefined {
    if (this.#folders.size >= maxFolders) {
      if (!this.#isOverfull)
        this.#hooks.onProblem(`not watching ${path}: ${maxFolders} folders are watched already`);
      this.#isOverfull = true;
      return undefined;
    }
    const folder = new FolderWatch(path, this.#hooks);
    this.#folders.set(path, folder);
    return folder;
  }

  #checkIdentities(): void {
    for (const folder of this.#folders.values()) folder.checkIdentity();
  }
}

/** One folder, by its path: whatever folder is at that path now. */
class FolderWatch {
  readonly #path: string;
  readonly #hooks: WatchHooks;
  #names = new Set<string>();
  #watcher: FSWatcher | undefined;
  #identity: string | undefined;

  constructor(path: string, hooks: WatchHooks) {
    this.#path = path;
    this.#hooks = hooks;
  }

  follow(names: Set<string>): void {
    const added = [...names].filter((name) => !this.#names.has(name));
    this.#names = names;
    if (added.length === 0) return;
    // The files themselves are watched as well as their folder: they may be changed under another name.
    this.#watcher?.add(added.map((name) => join(this.#path, name)));
    if (this.#watcher === undefined) this.checkIdentity();
    this.#touch(added);
  }

  /** Watches anew where another folder has taken the place of the one that is watched. */
  checkIdentity(): void {
    const identity = identityOf(this.#path);
    if (identity === this.#identity) return;
    this.#identity = identity;
    this.close();
    if (identity !== undefined) this.#watch();
    this.#touch(this.#names);
  }

  close(): void {
    // Its promise has nothing to say: it resolves when the last handle is closed, which nobody waits for.
    void this.#watcher?.close();
    this.#watcher = undefined;
  }

  #watch(): void {
    const watcher = watch(this.#path, {
      depth: 0,
      ignoreInitial: true,
      atomic: false,
      ignored: (path) =>
        path !== this.#path && !(dirname(path) === this.#path && this.#names.has(basename(path))),
    });
    this.#watcher = watcher;
    watcher.on('all', (_event, path) => this.#happened(path));
    // Before chokidar has compared times: these it does not leave out.
    watcher.on('raw', (_event, name, details: unknown) => {
      const watched =
        typeof details === 'object' && details !== null && 'watchedPath' in details
          ? details.watchedPath
          : undefined;
      if (typeof watched !== 'string') return;
      this.#happened(watched === this.#path && name ? join(watched, name) : watched);
      // What happens to the folder itself comes with its own name.
      if (watched === this.#path && name === basename(this.#path)) this.#happened(watched);
    });
    watcher.on('ready', () => {
      // Between the look at the folder and the watch on it another may have come in.
      if (this.#watcher === watcher) this.checkIdentity();
      if (this.#watcher === watcher) this.#touch(this.#names);
    });
    watcher.on('error', (error) => {
      this.#hooks.onProblem(`cannot watch ${this.#path}: changes there may go unnoticed`, error);
    });
  }

  #happened(path: string): void {
    if (path === this.#path) this.checkIdentity();
    if (dirname(path) === this.#path) this.#touch([basename(path)]);
  }

  #touch(names: Iterable<string>): void {
    const isAny = this.#names.has(anyName);
    for (const name of names) if (isAny || this.#names.has(name)) this.#hooks.onTouch(join(this.#path, name));
  }
}

function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    return stats.isDirectory() ? `${stats.dev} ${stats.ino}` : undefined;
  } catch {
    return undefined; // not there, or not for us: looked at again soon
  }
}
