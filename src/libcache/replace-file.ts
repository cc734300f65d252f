// A path and a text to a file that is, whatever happens meanwhile, as it was before or all of the new text.
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const temporaryPrefix = '.tmp-';

/** Whether a file of this name was being written when its writer ended, or still is. */
export const isTemporary = (name: string): boolean => name.startsWith(temporaryPrefix);

/** A new name in the folder of `path`, for what may be swept. */
export const temporaryName = (path: string): string =>
  join(dirname(path), `${temporaryPrefix}${randomBytes(6).toString('hex')}-${basename(path).slice(0, 32)}`);

/** Writes it under a temporary name, syncs it, renames it, and syncs the folder. Mode 0600. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // What cannot even be removed is swept at the next start.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
