// The manifest on disk: readers always see a whole one, changes happen one at a time under the lock.
import { closeSync, constants, openSync, readFileSync, statSync, type BigIntStats } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentNamesIn } from './content-name.js';
import { messageOf, systemCode, unavailable, type LibraryError } from './errors.js';
import { patienceMs, withLock } from './lock.js';
import {
  filesOf,
  formatManifest,
  parseManifest,
  type Entries,
  type Origin,
  type ParsedManifest,
} from './manifest.js';
import { replaceFile } from './replace-file.js';

export const manifestName = 'manifest.json';
const lockName = 'manifest.lock';
/** Damaged manifests that are kept for whoever wants to know what happened: something that damages them may go on. */
const keptAside = 5;
const asideShape = /^manifest\.damaged-.*\.json$/;

const none: ParsedManifest = { kind: 'ok', entries: [], lost: [] };
/** A thousand libraries have some 2 MiB; what is longer is none of ours, and would keep the whole process busy. */
const maxBytes = 32 * 1024 * 1024;
/** Never waiting for a pipe's other end. */
const atOnce = constants.O_RDONLY | constants.O_NONBLOCK;

/** What is written while the lock is held. */
export interface ManifestChange {
  readonly entries: Entries;
  /** Makes `entries` the manifest, durably. */
  write(entries: Entries): Promise<void>;
}

export class ManifestFile {
  readonly path: string;
  readonly #folder: string;
  /** What was read last, and how the file looked then. */
  #read: { stamp: string; parsed: ParsedManifest } | undefined;
  /** Changes of this process wait for one another here, not at the lock. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, manifestName);
  }

  /** As it is now, whoever wrote it; no manifest is an empty one. Throws LIBRARY_UNAVAILABLE where it cannot be used. */
  entries(): Entries {
    return this.#usable().entries;
  }

  /** What was in a damaged manifest, is not here, and can be fetched again. Throws as {@link entries}. */
  lost(): readonly Origin[] {
    return this.#usable().lost;
  }

  /** As {@link entries}, but says what is wrong instead of throwing, or cannot be read. */
  parsed(): ParsedManifest {
    try {
      const stats = statSync(this.path, { bigint: true, throwIfNoEntry: false });
      const stamp = stampOf(stats);
      if (this.#read?.stamp !== stamp) this.#read = { stamp, parsed: this.#parse(stats) };
      return this.#read.parsed;
    } catch (error) {
      return { kind: 'unreadable', problem: messageOf(error) };
    }
  }

  #parse(stats: BigIntStats | undefined): ParsedManifest {
    if (stats === undefined) return none;
    // It can be put aside, as any other damage.
    const damaged = (problem: string) => ({ kind: 'damaged' as const, problem, salvaged: [], lost: [] });
    if (!stats.isFile()) return damaged('it is no plain file');
    if (stats.size > maxBytes) return damaged(`it has ${stats.size} bytes, more than any manifest`);
    const file = openSync(this.path, atOnce);
    try {
      return parseManifest(readFileSync(file, 'utf8'));
    } finally {
      closeSync(file);
    }
  }

  /** Runs `work` under the lock. Rejects where the manifest cannot be used, and where nothing can be written. */
  async change<Result>(work: (change: ManifestChange) => Promise<Result>): Promise<Result> {
    return await this.locked(() => {
      this.#read = undefined;
      const { entries, lost } = this.#usable();
      return work({ entries, write: (next) => this.#write(next, lost) });
    });
  }

  /** Runs `work` under the lock, whatever the manifest is like. */
  async locked<Result>(work: () => Promise<Result>): Promise<Result> {
    // From now on, not from its turn: behind one who waits in vain nobody waits as long again.
    const deadline = Date.now() + patienceMs;
    const run = async (): Promise<Result> => {
      try {
        await mkdir(this.#folder, { recursive: true, mode: 0o700 });
        return await withLock(join(this.#folder, lockName), deadline, work);
      } catch (error) {
        throw this.#diskError(error);
      }
    };
    const result = this.#turn.then(run, run);
    this.#turn = result.catch(() => undefined);
    return await result;
  }

  /**
   * Puts a damaged manifest aside and a new one with the entries that are whole in its place: at no moment is there
   * none. Answers the path of the damaged one; `undefined` where there was nothing to do. One from a newer version
   * stays, and is an error.
   */
  async restore(): Promise<string | undefined> {
    return await this.locked(async () => {
      this.#read = undefined;
      const parsed = this.parsed();
      if (parsed.kind === 'ok') return undefined;
      if (parsed.kind !== 'damaged') throw this.#unusable(parsed);
      const aside = join(
        this.#folder,
        `manifest.damaged-${new Date().toISOString().replaceAll(':', '-')}.json`,
      );
      // A folder has one name only, and so has a file on some disks.
      await link(this.path, aside).catch(() => rename(this.path, aside));
      await this.#write(parsed.salvaged, parsed.lost);
      await this.#dropOldest();
      return aside;
    });
  }

  /** Gives these up that were {@link lost}. */
  async forget(ids: ReadonlySet<string>): Promise<void> {
    await this.locked(async () => {
      this.#read = undefined;
      const { entries, lost } = this.#usable();
      if (lost.some(({ id }) => ids.has(id)))
        await this.#write(
          entries,
          lost.filter(({ id }) => !ids.has(id)),
        );
    });
  }

  /**
   * The contents that may be wanted: those that the manifest names, and those that a damaged one which was put aside
   * names. `undefined` where nobody can say: there is none, or it cannot be read. Call under the lock.
   */
  async wanted(): Promise<ReadonlySet<string> | undefined> {
    const parsed = this.parsed();
    if (parsed.kind !== 'ok' || parsed === none) return undefined;
    const wanted = filesOf(parsed.entries);
    for (const name of await this.#aside()) {
      const path = join(this.#folder, name);
      const text = await readFile(path, { encoding: 'latin1', flag: atOnce }).catch(() => '');
      for (const file of contentNamesIn(text)) wanted.add(file);
    }
    return wanted;
  }

  /** The damaged ones; their names sort by time. */
  async #aside(): Promise<string[]> {
    return (await readdir(this.#folder)).filter((name) => asideShape.test(name)).sort();
  }

  async #dropOldest(): Promise<void> {
    for (const name of (await this.#aside()).slice(0, -keptAside))
      await rm(join(this.#folder, name), { recursive: true });
  }

  async #write(entries: Entries, lost: readonly Origin[]): Promise<void> {
    const text = formatManifest(entries, lost);
    if (text.length > maxBytes)
      throw unavailable('too-large', `the cache has too many libraries; remove some ("vmsys lib remove")`);
    await replaceFile(this.path, text);
    this.#read = undefined;
  }

  #usable(): Extract<ParsedManifest, { kind: 'ok' }> {
    const parsed = this.parsed();
    if (parsed.kind === 'ok') return parsed;
    throw this.#unusable(parsed);
  }

  #unusable(parsed: Exclude<ParsedManifest, { kind: 'ok' }>): LibraryError {
    const { reason, next } = remedies[parsed.kind];
    return unavailable(reason, `cannot use ${this.path}: ${parsed.problem}; ${next}`);
  }

  #diskError(error: unknown): unknown {
    const code = systemCode(error);
    if (code === undefined || !diskFaults.has(code)) return error;
    const next =
      code === 'ENOSPC' || code === 'EDQUOT' ? 'make room and try again' : 'see that it can be written';
    const message = `cannot write to the library cache ${this.#folder}: ${messageOf(error)}; ${next}`;
    return unavailable('disk', message, { cause: error });
  }
}

/** Every change is a rename of a new file: another inode, or at least another time. */
const stampOf = (stats: BigIntStats | undefined): string =>
  stats === undefined ? 'none' : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;

/** What the system says where a folder cannot be written, full or otherwise. */
const diskFaults = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
]);

const remedies = {
  newer: {
    reason: 'manifest',
    next: 'update this program, or give it another cache folder; nothing was changed',
  },
  damaged: {
    reason: 'manifest',
    next: 'run "vmsys lib sync": it keeps what is whole and fetches the rest again; nothing was deleted',
  },
  unreadable: { reason: 'disk', next: 'see that the cache folder is one that can be read' },
} as const;
