// Entries and their contents, changed together: first the content is on disk, then the manifest names it, and what it
// no longer names goes last. A crash between two of these steps leaves nothing but rubbish for the sweep.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readContent, writeContent, type Content } from './files.js';
import { ManifestFile } from './manifest-file.js';
import { filesOf, type Entries, type Entry } from './manifest.js';
import { confirmed, refused, succeed, type Asked } from './succession.js';
import { sweep } from './sweep.js';

export interface PutOptions {
  /** What its asker said of it. */
  asked?: Asked;
  /** Only over an entry of this id: one that was removed meanwhile stays removed. */
  update?: boolean;
}

export class LibraryStore {
  readonly folder: string;
  readonly manifest: ManifestFile;

  constructor(folder: string) {
    this.folder = folder;
    this.manifest = new ManifestFile(folder);
  }

  /** By id; throws where the manifest cannot be used. */
  find(id: string): Entry | undefined {
    return this.manifest.entries().find((entry) => entry.id === id);
  }

  async read(entry: Entry): Promise<Content> {
    return await readContent(this.folder, entry);
  }

  /**
   * Stores `entry` with its code, as {@link succeed} says, and answers what is then in the manifest: another process
   * may have been faster. `undefined`: there was nothing to update.
   */
  async put(
    entry: Entry,
    code: Uint8Array,
    { asked = {}, update = false }: PutOptions = {},
  ): Promise<Entry | undefined> {
    return await this.manifest.change(async ({ entries, write }) => {
      const existing = entries.find(({ id }) => id === entry.id);
      if (existing === undefined && update) return undefined;
      const isWhole = existing !== undefined && (await this.read(existing)).kind === 'ok';
      const next = existing === undefined ? entry : succeed({ existing, offered: entry, asked, isWhole });
      const isThere = isWhole && existing?.integrity === entry.integrity;
      if (!isThere && filesOf([next]).has(entry.file)) await writeContent(this.folder, entry, code);
      await this.#replace(entries, existing, next, write);
      return next;
    });
  }

  /** Records that this content was evaluated, unless the entry has changed since. Answers the entry as it is then. */
  async confirm(id: string, integrity: string, exports: string[]): Promise<Entry | undefined> {
    return await this.manifest.change(async ({ entries, write }) => {
      const existing = entries.find((entry) => entry.id === id);
      const next = existing && confirmed(existing, integrity, exports);
      if (next !== undefined) await this.#replace(entries, existing, next, write);
      return next ?? existing;
    });
  }

  /** Takes away a content that waited to be tried, and does not load. */
  async refuse(id: string, integrity: string): Promise<void> {
    await this.manifest.change(async ({ entries, write }) => {
      const existing = entries.find((entry) => entry.id === id);
      if (existing !== undefined) await this.#replace(entries, existing, refused(existing, integrity), write);
    });
  }

  /** Answers whether there was one. */
  async remove(id: string): Promise<boolean> {
    return await this.manifest.change(async ({ entries, write }) => {
      const existing = entries.find((entry) => entry.id === id);
      await this.#replace(entries, existing, undefined, write);
      return existing !== undefined;
    });
  }

  /** See {@link sweep}. */
  async sweep(): Promise<string[]> {
    return await this.manifest.locked(async () => await sweep(this.folder, await this.manifest.wanted()));
  }

  /** `next` in the place of `existing`, and the contents that nothing names any more removed. */
  async #replace(
    entries: Entries,
    existing: Entry | undefined,
    next: Entry | undefined,
    write: (entries: Entries) => Promise<void>,
  ): Promise<void> {
    if (isDeepStrictEqual(next, existing)) return;
    const after =
      existing === undefined
        ? [...entries, ...(next === undefined ? [] : [next])]
        : entries.flatMap((at) => (at !== existing ? [at] : next === undefined ? [] : [next]));
    await write(after);
    const named = filesOf(after);
    // What cannot be removed now is swept at the next start.
    for (const file of existing === undefined ? [] : filesOf([existing]))
      if (!named.has(file))
        await rm(join(this.folder, file), { force: true, recursive: true }).catch(() => undefined);
  }
}
