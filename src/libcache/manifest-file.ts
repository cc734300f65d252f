// The manifest on disk: readers always see a whole one, changes happen one at a time under the lock.
import { readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode, unavailable, type LibraryError } from './errors.js';
import { withLock } from './lock.js';
import { formatManifest, parseManifest, type Entries, type ParsedManifest } from './manifest.js';
import { replaceFile } from './replace-file.js';

export const manifestName = 'manifest.json';
const lockName = 'manifest.lock';
/** Damaged manifests that are kept for whoever wants to know what happened: something that damages them may go on. */
const keptAside = 5;
const asideShape = /^manifest\.damaged-.*\.json$/;

const none: ParsedManifest = { kind: 'ok', entries: [] };

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
    const parsed = this.parsed();
    if (parsed.kind === 'ok') return parsed.entries;
    throw this.#unusable(parsed);
  }

  /** As {@link entries}, but says what is wrong instead of throwing, or cannot be read. */
  parsed(): ParsedManifest {
    try {
      const stamp = this.#stamp();
      if (this.#read?.stamp !== stamp)
        this.#read = {
          stamp,
          parsed: stamp === 'none' ? none : parseManifest(readFileSync(this.path, 'utf8')),
        };
      return this.#read.parsed;
    } catch (error) {
      // A folder in its place is damage like any other: it can be moved aside.
      if (systemCode(error) === 'EISDIR') return { kind: 'damaged', problem: 'it is a folder', salvaged: [] };
      return { kind: 'unreadable', problem: messageOf(error) };
    }
  }

  /** Runs `work` under the lock. Rejects where the manifest cannot be used, and where nothing can be written. */
  async change<Result>(work: (change: ManifestChange) => Promise<Result>): Promise<Result> {
    return await this.locked(() => {
      this.#read = undefined;
      return work({ entries: this.entries(), write: (entries) => this.#write(entries) });
    });
  }

  /** Runs `work` under the lock, whatever the manifest is like. */
  async locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const run = async (): Promise<Result> => {
      try {
        await mkdir(this.#folder, { recursive: true, mode: 0o700 });
        return await withLock(join(this.#folder, lockName), work);
      } catch (error) {
        throw this.#diskError(error);
      }
    };
    const result = this.#turn.then(run, run);
    this.#turn = result.catch(() => undefined);
    return await result;
  }

  /**
   * Moves a damaged manifest aside and begins a new one with the entries that are whole. Answers the old one's new
   * path; `undefined` where there was nothing to do. One from a newer version stays, and is an error.
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
      await rename(this.path, aside);
      await this.#write(parsed.salvaged);
      await this.#dropOldest();
      return aside;
    });
  }

  /** Of the damaged ones; their names sort by time. */
  async #dropOldest(): Promise<void> {
    const aside = (await readdir(this.#folder)).filter((name) => asideShape.test(name)).sort();
    for (const name of aside.slice(0, -keptAside)) await rm(join(this.#folder, name), { recursive: true });
  }

  async #write(entries: Entries): Promise<void> {
    await replaceFile(this.path, formatManifest(entries));
    this.#read = undefined;
  }

  /** Every change is a rename of a new file: another inode, or at least another time. */
  #stamp(): string {
    const stats = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined
      ? 'none'
      : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
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
