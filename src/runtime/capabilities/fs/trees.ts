// Folders and what is in them: listing, making and removing, each step from the descriptor of the one before, so that
// a folder that is swapped for a link on the way leads nowhere.
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  opendirSync,
  rmdirSync,
  unlinkSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { HostError } from '../host-module.js';
import { absolute, withExisting, withSpot, type Place, type Spot } from './anchor.js';
import { system } from './contents.js';
import { systemError } from './errors.js';

const { O_DIRECTORY, O_NOFOLLOW } = constants;
const O_PATH = 0o10_000_000;

export interface Entry {
  /** Relative to the folder that was listed. */
  name: string;
  kind: 'file' | 'directory' | 'symlink' | 'other';
}

/** Folders in folders that are walked: each costs a descriptor of the daemon while the walk is in it. */
const greatestDepth = 200;
/** Entries of one folder that are taken at once to be removed. */
const removedAtOnce = 10_000;

export interface Walk {
  /** At most so many entries, of all folders together. */
  greatest: number;
  /** Whether there is time to go on; throws where there is not. */
  checkTime: () => void;
}

/** What is in a folder, in no order; links are not followed. */
export function list(place: Place, path: string, recursive: boolean, walk: Walk): Entry[] {
  return withExisting(
    place,
    path,
    { access: 'read', syscall: 'scandir' },
    ({ path: anchored, stat, written, real }) => {
      if (!stat.isDirectory()) throw systemError('ENOTDIR', 'scandir', written);
      const entries: Entry[] = [];
      collect(anchored, '', written, 0);
      return entries;

      function collect(folder: string, prefix: string, shown: string, depth: number): void {
        refuseDeeper(depth, 'scandir', written);
        for (const entry of entriesOf(folder, shown, walk.greatest - entries.length + 1)) {
          walk.checkTime();
          if (entries.length >= walk.greatest) {
            const message = `folder '${written}' holds more than ${walk.greatest} entries, the most that are listed at once`;
            throw new HostError('ERR_FS_FILE_TOO_LARGE', message, { target: written });
          }
          entries.push({ name: prefix + entry.name, kind: entry.kind });
          const isClosed = !place.reach.allows(join(real, prefix, entry.name), 'read');
          if (!recursive || entry.kind !== 'directory' || isClosed) continue;
          withFolder(folder, entry.name, (inner) =>
            collect(inner, `${prefix}${entry.name}/`, `${shown}/${entry.name}`, depth + 1),
          );
        }
      }
    },
  );
}

function refuseDeeper(depth: number, syscall: string, written: string): void {
  if (depth <= greatestDepth) return;
  const message = `folder '${written}' has folders more than ${greatestDepth} deep, the most that are walked at once`;
  throw new HostError('ENAMETOOLONG', message, { fields: { syscall, path: written }, target: written });
}

/** At most so many of what is in a folder. */
function entriesOf(folder: string, shown: string, most: number): Entry[] {
  return system('scandir', shown, () => {
    // Through the descriptor anew: the one that names the folder cannot be read from.
    const directory = opendirSync(folder);
    try {
      const entries: Entry[] = [];
      while (entries.length < most) {
        const entry = directory.readSync();
        if (entry === null) break;
        entries.push({ name: entry.name, kind: kindOf(entry) });
      }
      return entries;
    } finally {
      directory.closeSync();
    }
  });
}

export function kindOf(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): Entry['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'other';
}

/** Has a folder's folder while `use` runs; one that is gone, or a link now, is passed over. */
function withFolder(folder: string, name: string, use: (path: string) => void): void {
  let descriptor: number;
  try {
    descriptor = openSync(`${folder}/${name}`, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch {
    return;
  }
  try {
    use(`/proc/self/fd/${descriptor}`);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a folder; with `recursive` those on the way as well, and then one that is there is no fault. */
export function makeFolder(
  place: Place,
  path: string,
  { recursive, mode }: { recursive: boolean; mode: number },
): string | undefined {
  const make = (spot: Spot): void => system('mkdir', spot.written, () => mkdirSync(spot.path, { mode }));
  if (!recursive) {
    withSpot(place, path, { syscall: 'mkdir', makes: true }, make);
    return undefined;
  }
  const missing: string[] = [];
  let outside: HostError | undefined;
  for (let folder = absolute(place, path); outside === undefined; folder = dirname(folder)) {
    try {
      if (isFolder(place, folder)) break;
      missing.unshift(folder);
    } catch (error) {
      // A grant may be of a folder alone: that the one around it is not granted says nothing of whether it is there.
      if (!(error instanceof HostError && error.denied) || missing.length === 0) throw error;
      outside = error;
    }
  }
  try {
    for (const folder of missing) withSpot(place, folder, { syscall: 'mkdir', makes: true }, make);
  } catch (error) {
    if (outside !== undefined && error instanceof HostError && error.code === 'ENOENT') throw outside;
    throw error;
  }
  return missing[0];
}

/** Throws EEXIST for what is no folder. */
function isFolder(place: Place, path: string): boolean {
  try {
    const use = { access: 'read', wanted: 'write', syscall: 'mkdir' } as const;
    return withExisting(place, path, use, ({ stat, written }) => {
      if (!stat.isDirectory()) throw systemError('EEXIST', 'mkdir', written);
      return true;
    });
  } catch (error) {
    if (error instanceof HostError && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Removes a file, link or folder with all in it. */
export function removeTree(
  place: Place,
  path: string,
  { recursive, force }: { recursive: boolean; force: boolean },
  walk: Walk,
): void {
  try {
    withSpot(place, path, { syscall: 'rm' }, (spot) => {
      const stat = system('rm', spot.written, () => lstatSync(spot.path));
      if (!stat.isDirectory()) {
        system('rm', spot.written, () => unlinkSync(spot.path));
        return;
      }
      if (!recursive) {
        const message = `Path is a directory: rm returned EISDIR (is a directory) ${spot.written}`;
        throw new HostError('ERR_FS_EISDIR', message, {
          target: spot.written,
          fields: { path: spot.written },
        });
      }
      empty(spot.path, spot.written, 0);
      system('rm', spot.written, () => rmdirSync(spot.path));
    });
  } catch (error) {
    if (force && error instanceof HostError && error.code === 'ENOENT') return;
    throw error;
  }

  function empty(folder: string, shown: string, depth: number): void {
    refuseDeeper(depth, 'rm', absolute(place, path));
    const name = folder.slice(folder.lastIndexOf('/') + 1);
    withFolder(folder.slice(0, -name.length - 1), name, (inside) => {
      for (;;) {
        const entries = entriesOf(inside, shown, removedAtOnce);
        if (entries.length === 0) return;
        for (const entry of entries) {
          walk.checkTime();
          const [at, text] = [`${inside}/${entry.name}`, `${shown}/${entry.name}`];
          if (entry.kind === 'directory') {
            empty(at, text, depth + 1);
            system('rm', text, () => rmdirSync(at));
          } else {
            system('rm', text, () => unlinkSync(at));
          }
        }
      }
    });
  }
}
