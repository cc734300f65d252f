// What a killed or failed writer left behind in the cache folder, removed. Under the lock nobody else is writing:
// every temporary file is then rubbish, and so is every content that nobody may want.
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { contentFolder, isContentName } from './content-name.js';
import { systemCode } from './errors.js';
import { isTemporary } from './replace-file.js';

/**
 * Removes rubbish, and answers the names of what it removed. Files with names that the cache never gives are left
 * alone, and without `wanted` (nobody can say what is) so are contents.
 */
export async function sweep(folder: string, wanted: ReadonlySet<string> | undefined): Promise<string[]> {
  const named = wanted && new Set([...wanted].map((file) => basename(file)));
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

/** Of a real folder: what a link leads to is not ours to sweep. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return (await lstat(path)).isDirectory() ? await readdir(path) : [];
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
