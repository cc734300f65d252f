// Entries to the paths that matter to them, and what happens at these paths to one settled call: for the manifest,
// for the content of a library, or for the files that a local library is made of.
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BackOff } from './back-off.js';
import { messageOf } from './errors.js';
import { localPath, type Entries, type Entry } from './manifest.js';
import { Settler } from './settler.js';
import { anyName, Watcher } from './watch.js';

/** `later`: for a reason that passes it could not be done, and is to be done again. */
export type Outcome = 'done' | 'later';

export interface FollowerHooks {
  onManifest(): Promise<Outcome>;
  /** The cached content of the library may have changed. */
  onContent(id: string): Promise<Outcome>;
  /** A file that the local library is made of may have changed. */
  onLocal(id: string): Promise<Outcome>;
  onProblem(message: string, error?: unknown): void;
}

type Topic = 'manifest' | 'content' | 'local';

export class Follower {
  readonly #folder: string;
  readonly #manifestPath: string;
  readonly #hooks: FollowerHooks;
  readonly #watcher: Watcher;
  readonly #settler: Settler;
  readonly #backOff: BackOff;
  /** The keys (`content lodash@4.17.21`) that a path stands for. */
  #keys = new Map<string, Set<string>>();
  /** The local libraries that could not be made: any file beside theirs may be the one that was missing. */
  readonly #failing = new Set<string>();
  #entries: Entries = [];

  constructor(folder: string, manifestPath: string, hooks: FollowerHooks) {
    this.#folder = folder;
    this.#manifestPath = manifestPath;
    this.#hooks = hooks;
    this.#settler = new Settler((key) => this.#work(key));
    this.#backOff = new BackOff((key) => this.#settler.touch(key));
    this.#watcher = new Watcher({
      onTouch: (path) => this.#touch(path),
      onProblem: (message, error) => hooks.onProblem(message, error),
    });
  }

  /** Follows what these entries are made of, and nothing else. */
  follow(entries: Entries): void {
    const before = new Map(this.#entries.map(({ id, integrity }) => [id, integrity]));
    this.#entries = entries;
    const keys = new Map<string, Set<string>>();
    const add = (path: string, topic: Topic, id: string): void => {
      const there = keys.get(path) ?? new Set();
      keys.set(path, there.add(`${topic} ${id}`));
    };
    add(this.#manifestPath, 'manifest', '');
    for (const entry of entries) {
      add(join(this.#folder, entry.file), 'content', entry.id);
      for (const path of localPaths(entry)) {
        add(path, 'local', entry.id);
        if (this.#failing.has(entry.id)) add(join(dirname(path), anyName), 'local', entry.id);
      }
    }
    this.#keys = keys;
    this.#watcher.follow(keys.keys());
    // What was stored may have been read before the last change of its files, here or by another process.
    for (const entry of entries)
      if (localPath(entry) !== undefined && before.get(entry.id) !== entry.integrity)
        this.#settler.touch(`local ${entry.id}`);
  }

  /** Whether the local library could be made when it was last tried. */
  tried(id: string, isFine: boolean): void {
    if (this.#failing.has(id) === !isFine) return;
    if (isFine) this.#failing.delete(id);
    else this.#failing.add(id);
    this.follow(this.#entries);
  }

  async close(): Promise<void> {
    this.#watcher.close();
    this.#backOff.close();
    await this.#settler.close();
  }

  #touch(path: string): void {
    for (const at of [path, join(dirname(path), anyName)])
      for (const key of this.#keys.get(at) ?? []) this.#settler.touch(key);
  }

  async #work(key: string): Promise<void> {
    const space = key.indexOf(' ');
    const topic = key.slice(0, space);
    const id = key.slice(space + 1);
    try {
      const outcome =
        topic === 'manifest'
          ? await this.#hooks.onManifest()
          : topic === 'content'
            ? await this.#hooks.onContent(id)
            : await this.#hooks.onLocal(id);
      if (outcome === 'later') this.#backOff.failed(key);
      else this.#backOff.done(key);
    } catch (error) {
      this.#hooks.onProblem(`cannot follow ${id || 'the manifest'}: ${messageOf(error)}`, error);
    }
  }
}

/** Where a local library is, its files and what they link to; of others none. */
function localPaths(entry: Entry): string[] {
  const path = localPath(entry);
  if (path === undefined) return [];
  const all = new Set([path, ...(entry.inputs ?? [])]);
  for (const input of [...all]) {
    try {
      all.add(realpathSync(input));
    } catch {
      // not there now: it is followed where it should be
    }
  }
  return [...all];
}
