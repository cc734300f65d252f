// Entries and their contents, changed together: first the content is on disk, then the manifest names it, and what it
// no longer names goes last. A crash between two of these steps leaves nothing but rubbish for the sweep.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LibraryError } from './errors.js';
import { readContent, writeContent, type Content } from './files.js';
import { ManifestFile } from './manifest-file.js';
import { localPath, type Entries, type Entry } from './manifest.js';
import { sweep } from './sweep.js';

export interface PutOptions {
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
   * Stores `entry` with its code, and answers what is then in the manifest: another process may have been faster,
   * and what is there and works is kept. A local library is always replaced. `undefined`: there was nothing to update.
   */
  async put(entry: Entry, code: Uint8Array, options: PutOptions = {}): Promise<Entry | undefined> {
    return await this.manifest.change(async ({ entries, write }) => {
      const existing = entries.find(({ id }) => id === entry.id);
      if (existing === undefined && options.update === true) return undefined;
      if (existing !== undefined && existing.source !== entry.source) throw taken(existing, entry);
      const isWhole = existing !== undefined && (await this.read(existing)).kind === 'ok';
      const next = existing === undefined ? entry : merge(existing, entry, isWhole);
      if (next.integrity !== existing?.integrity || !isWhole) await writeContent(this.folder, next, code);
      if (JSON.stringify(next) === JSON.stringify(existing)) return next;
      const changed =
        existing === undefined ? [...entries, next] : entries.map((at) => (at === existing ? next : at));
      await write(changed);
      if (existing !== undefined) await this.#dropContent(existing, changed);
      return next;
    });
  }

  /** Records that this content was evaluated, unless the entry has changed since. Answers the entry as it is then. */
  async confirm(id: string, integrity: string, exports: string[]): Promise<Entry | undefined> {
    return await this.manifest.change(async ({ entries, write }) => {
      const existing = entries.find((entry) => entry.id === id);
      if (existing?.integrity !== integrity || existing.checked !== false) return existing;
      const { checked: _checked, ...rest } = existing;
      const next: Entry = { ...rest, exports };
      await write(entries.map((at) => (at === existing ? next : at)));
      return next;
    });
  }

  /** Removes it, where it still has this content or none is named. Answers whether there was one. */
  async remove(id: string, integrity?: string): Promise<boolean> {
    return await this.manifest.change(async ({ entries, write }) => {
      const existing = entries.find((entry) => entry.id === id);
      if (existing === undefined || (integrity !== undefined && existing.integrity !== integrity))
        return false;
      const rest = entries.filter((entry) => entry !== existing);
      await write(rest);
      await this.#dropContent(existing, rest);
      return true;
    });
  }

  /** See {@link sweep}. */
  async sweep(): Promise<string[]> {
    return await this.manifest.locked(async () => await sweep(this.folder, await this.manifest.wanted()));
  }

  /** Two libraries may have the same content. What cannot be removed now is swept at the next start. */
  async #dropContent({ file }: Entry, entries: Entries): Promise<void> {
    if (entries.some((entry) => entry.file === file)) return;
    await rm(join(this.folder, file), { force: true, recursive: true }).catch(() => undefined);
  }
}

/** What becomes of an entry whose library is added again. It keeps its place and its time. */
function merge(existing: Entry, entry: Entry, isWhole: boolean): Entry {
  const isSame = existing.integrity === entry.integrity;
  const isLocal = localPath(entry) !== undefined;
  // The same package may come out otherwise bundled elsewhere; one content is as good as the other.
  const isKept = isWhole && !isSame && !isLocal && (existing.checked !== false || entry.checked === false);
  if (isKept) return existing;
  // What an engine found out about this content stays true.
  const isChecked = isSame && entry.checked === false && existing.checked !== false;
  const { checked, ...rest } = entry;
  const next: Entry = { ...rest, addedAt: existing.addedAt };
  if (isChecked) return { ...next, exports: existing.exports };
  return checked === undefined ? next : { ...next, checked };
}

const taken = (existing: Entry, entry: Entry): LibraryError =>
  new LibraryError(
    'NAME_TAKEN',
    `cannot add ${entry.source}: "${entry.id}" is in the cache already, from ${existing.source}; ` +
      `rename the file, or run "vmsys lib remove ${entry.id}" first`,
    { details: { library: entry.id, source: existing.source } },
  );
