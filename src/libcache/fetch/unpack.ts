// One package's tarball as files in a folder: nothing outside of it, no links, no more than a bound.
import { mkdir, rm } from 'node:fs/promises';
import { extract } from 'tar';
import { unavailable } from '../errors.js';
import { maxFiles, maxUnpackedBytes } from './bounds.js';

/** What the packages of one library have come to so far. */
export interface Unpacked {
  bytes: number;
  files: number;
}

/**
 * Empties `folder` and unpacks `tarball` into it. Links and devices are left out, as npm does; a path that leads out
 * of the folder, a file that cannot be written, and going past a bound reject the whole; the tarball is then for the
 * caller to end. `onBytes` is called whenever `unpacked` has grown.
 */
export async function unpack(
  tarball: NodeJS.ReadableStream,
  folder: string,
  unpacked: Unpacked,
  onBytes: () => void,
): Promise<void> {
  const own: Unpacked = { bytes: 0, files: 0 };
  try {
    await new Promise<void>((resolve, reject) => {
      // Before anything is waited for: it can fail at once.
      tarball.on('error', reject);
      emptyFolder(folder).then(() => {
        const extractor = extractInto(folder, { unpacked, own, onBytes, reject });
        extractor.on('error', reject);
        extractor.on('end', resolve);
        tarball.pipe(extractor);
      }, reject);
    });
  } catch (error) {
    // Others may have added to it meanwhile.
    unpacked.files -= own.files;
    unpacked.bytes -= own.bytes;
    throw error;
  }
}

async function emptyFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

interface Extracting {
  unpacked: Unpacked;
  /** What of it is of this package. */
  own: Unpacked;
  onBytes: () => void;
  reject: (error: Error) => void;
}

const extractInto = (folder: string, { unpacked, own, onBytes, reject }: Extracting) =>
  extract({
    cwd: folder,
    strip: 1,
    noMtime: true,
    preserveOwner: false,
    onwarn: (code, message, data) => {
      // Without this, tar would leave the file out and go on.
      if (code === 'TAR_ENTRY_ERROR') reject(data instanceof Error ? data : new Error(String(message)));
    },
    filter: (_path, entry) => {
      if (!('type' in entry) || !/^(Old|Contiguous)?File$|^Directory$/.test(entry.type)) return false;
      entry.mode = entry.type === 'Directory' ? 0o700 : 0o600;
      for (const count of [unpacked, own]) {
        count.files += 1;
        count.bytes += entry.size;
      }
      onBytes();
      const excess = excessOf(unpacked);
      if (excess !== undefined) reject(excess);
      return excess === undefined;
    },
  });

function excessOf({ bytes, files }: Unpacked): Error | undefined {
  if (bytes > maxUnpackedBytes) {
    const limit = maxUnpackedBytes / 1024 / 1024;
    return unavailable('too-large', `its packages have more than ${limit} MiB of files, which is the limit`);
  }
  return files > maxFiles
    ? unavailable('too-large', `its packages have more than ${maxFiles} files, which is the limit`)
    : undefined;
}
