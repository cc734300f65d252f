// The contents of the cache: code in by its integrity, the same code out or a word on what is there instead.
// Only a plain file of exactly the expected bytes is ever handed on; links, folders and pipes are not even read.
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Library } from '../records/index.js';
import { contentFolder, integrityOf } from './content-name.js';
import { messageOf, systemCode, unavailable } from './errors.js';
import { replaceFile, temporaryName } from './replace-file.js';

/** A library may have this much code: parsed, it is several times as large, and a session has 128 MB by default. */
export const maxLibraryBytes = 16 * 1024 * 1024;

type Stored = Pick<Library, 'file' | 'bytes' | 'integrity'>;

export type Content =
  | { kind: 'ok'; code: Buffer }
  /** Its file is not there. */
  | { kind: 'missing'; problem: string }
  /** Something else is there. */
  | { kind: 'mismatch'; problem: string }
  /** The disk or its permissions keep it from us. */
  | { kind: 'unreadable'; problem: string };

/** Reads and verifies. Never rejects: one that cannot be read keeps nobody from the others. */
export async function readContent(folder: string, { file, bytes, integrity }: Stored): Promise<Content> {
  const path = join(folder, file);
  // Never through a link, and never waiting for a pipe's other end.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let handle;
  try {
    handle = await open(path, flags);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', problem: 'its file is not there' };
    if (code === 'ELOOP')
      return { kind: 'mismatch', problem: 'its file is a symbolic link, expected a plain file' };
    if (code === 'ENXIO')
      return { kind: 'mismatch', problem: 'its file is a socket or pipe, expected a plain file' };
    return unreadable(error);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return { kind: 'mismatch', problem: 'its file is no plain file' };
    if (stats.size !== bytes)
      return { kind: 'mismatch', problem: `its file has ${stats.size} bytes, expected ${bytes}` };
    const code = await handle.readFile();
    const found = integrityOf(code);
    if (found === integrity) return { kind: 'ok', code };
    return {
      kind: 'mismatch',
      problem: `its file does not match its integrity (expected ${brief(integrity)}, got ${brief(found)})`,
    };
  } catch (error) {
    return unreadable(error);
  } finally {
    await handle.close().catch(() => undefined); // it was only read
  }
}

const unreadable = (error: unknown): Content => ({
  kind: 'unreadable',
  problem: `its file cannot be read (${messageOf(error)})`,
});

/** Stores `code` where {@link readContent} finds it; whatever else was in its place is replaced. Call under the lock. */
export async function writeContent(folder: string, library: Stored, code: Uint8Array): Promise<void> {
  await ensureContentFolder(folder);
  const path = join(folder, library.file);
  const there = await lstat(path).catch(() => undefined);
  // A file or a link is replaced by the rename; a folder has to go first.
  if (there?.isDirectory() === true) {
    const aside = temporaryName(path);
    await rename(path, aside);
    await rm(aside, { recursive: true, force: true });
  }
  await replaceFile(path, code);
}

/** Makes the content folder where there is none; refuses a link to somewhere else. */
export async function ensureContentFolder(folder: string): Promise<void> {
  const path = join(folder, contentFolder);
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (!(await lstat(path)).isDirectory())
    throw unavailable('disk', `cannot store libraries in ${path}: it is no folder, or a link; remove it`);
}

/** Enough of it to tell two apart. */
export const brief = (integrity: string): string => `${integrity.slice(0, 15)}…`;
