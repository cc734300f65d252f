// What a killed or failed writer left behind in the cache folder, removed. Under the lock nobody else is writing:
// every temporary file is then rubbish, and so is every content that no entry names.
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { contentFolder, isContentName } from './content-name.js';
import { systemCode } from './errors.js';
import type { Entries } from './manifest.js';
import { isTemporary } from './replace-file.js';

/**
 * Removes rubbish, and answers the names of what it removed. Files with names that the cache never gives are left
 * alone. Without `entries` (the manifest cannot be read) contents stay: one of them may still be wanted.
 */
export async function sweep(folder: string, entries: Entries | undefined): Promise<string[]> {
  const named = entries && new Set(entries.map(({ file }) => basename(file)));
  const removed: string[] = [];
  const removeFrom = async (path: string, isRubbish: (name: string) => boolean): Promise<void> => {
    for (const name of await namesIn(path)) {
      if (!isRubbish(name)) continue;
      await rm(join(path, name), { recursive: true, force: true });
      removed.push(name);
    }
  };
  await removeFrom(folder, isTemporary);
  await removeFrom(
    join(folder, contentFolder),
    (name) => isTemporary(name) || (named !== undefined && isContentName(name) && !named.has(name)),
  );
  return removed;
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
