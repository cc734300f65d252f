// Reading and writing whole files, and files that are held open: always regular ones, never more than may be.
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { HostError } from '../host-module.js';
import { withExisting, withSpot, type Place } from './anchor.js';
import { systemError } from './errors.js';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } = constants;
const { O_DSYNC, O_NOCTTY, O_SYNC } = constants;

/** Node's flags for `open`, as the system's. */
const flagsByName: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  'r+': O_RDWR,
  'rs+': O_RDWR | O_SYNC,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
  'w+': O_RDWR | O_CREAT | O_TRUNC,
  'wx+': O_RDWR | O_CREAT | O_TRUNC | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
  ax: O_WRONLY | O_CREAT | O_APPEND | O_EXCL,
  'a+': O_RDWR | O_CREAT | O_APPEND,
  'ax+': O_RDWR | O_CREAT | O_APPEND | O_EXCL,
  as: O_WRONLY | O_CREAT | O_APPEND | O_SYNC,
  'as+': O_RDWR | O_CREAT | O_APPEND | O_SYNC,
};

/** Flags that a script may give as a number: none that opens what is no file, or opens it another way. */
const allowedFlags =
  O_WRONLY | O_RDWR | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC | O_SYNC | O_NOCTTY;
const accessMode = O_WRONLY | O_RDWR;

/** A name of Node's, or the sum of what `fs.constants` calls O_…. */
export type FileFlag = string | number;

/** Throws ERR_INVALID_ARG_VALUE for what is none. */
function flagsOf(flag: FileFlag): number {
  if (typeof flag === 'number') {
    if ((flag & ~allowedFlags) === 0 && (flag & accessMode) !== accessMode) return flag;
    const message = `flags 0o${flag.toString(8)}: expected a sum of O_RDONLY, O_WRONLY or O_RDWR and others of fs.constants`;
    throw new HostError('ERR_INVALID_ARG_VALUE', message);
  }
  const flags = Object.hasOwn(flagsByName, flag) ? flagsByName[flag] : undefined;
  if (flags !== undefined) return flags;
  throw new HostError(
    'ERR_INVALID_ARG_VALUE',
    `flag ${JSON.stringify(flag)}: expected one of ${Object.keys(flagsByName).join(', ')}`,
  );
}

/** Whether a file that is there is changed by such an opening, or may be afterwards: O_TRUNC empties one to be read. */
export const opensToWrite = (flag: FileFlag): boolean => (flagsOf(flag) & (accessMode | O_TRUNC)) !== 0;

/** Bits of a mode that a script may set: never those that give its file another's rights. */
export const modeBits = 0o777;

/** Opens a regular file; the caller closes the descriptor. */
export function openFile(place: Place, path: string, flag: FileFlag, mode: number): number {
  const flags = flagsOf(flag);
  const access = opensToWrite(flags) ? 'write' : 'read';
  // Who may make the file may also find it there; whoever makes it first wins, and the other tries again.
  const makes = (flags & O_CREAT) !== 0;
  for (let attempt = 0; ; attempt++) {
    try {
      if (makes && (flags & O_EXCL) !== 0) return make(place, path, flags, mode);
      return openExisting(place, path, flags, access);
    } catch (error) {
      const isMissing = error instanceof HostError && error.code === 'ENOENT';
      if (!makes || (flags & O_EXCL) !== 0 || !isMissing) throw error;
    }
    try {
      return make(place, path, flags, mode);
    } catch (error) {
      const isThere = error instanceof HostError && error.code === 'EEXIST';
      if (!isThere) throw error;
      // A link to nothing is there, and yet is not: it is never followed to make a file.
      if (attempt === 2) throw systemError('ELOOP', 'open', path);
    }
  }
}

function openExisting(place: Place, path: string, flags: number, access: 'read' | 'write'): number {
  return withExisting(place, path, { access, syscall: 'open' }, ({ path: anchored, stat, written, real }) => {
    if (access === 'write') refuseJournal(place, real, 'open');
    if (stat.isDirectory()) throw systemError('EISDIR', access === 'read' ? 'read' : 'open', written);
    if (!stat.isFile()) throw systemError('ENXIO', 'open', written);
    return system('open', written, () => openSync(anchored, (flags & ~O_CREAT) | O_NONBLOCK));
  });
}

function make(place: Place, path: string, flags: number, mode: number): number {
  return withSpot(place, path, { syscall: 'open', makes: true }, ({ path: anchored, written, real }) => {
    refuseJournal(place, real, 'open');
    return system('open', written, () => openSync(anchored, flags | O_EXCL | O_NOFOLLOW, mode & modeBits));
  });
}

/** Throws EPERM for a file that SQLite would take for the journal of a database. */
export function refuseJournal({ reach }: Place, real: string, syscall: string): void {
  if (!reach.isJournal(real)) return;
  const message = `EPERM: a name that ends in "-journal" is SQLite’s in a session that is granted the module database; take another, ${syscall} '${real}'`;
  throw new HostError('EPERM', message, { fields: { syscall, path: real, errno: -1 }, target: real });
}

export function readWhole(place: Place, path: string, greatestBytes: number): Buffer {
  const descriptor = openFile(place, path, 'r', 0);
  try {
    const { size } = fstatSync(descriptor);
    refuseOver(greatestBytes, size, path);
    // It may grow meanwhile, and files of the kernel say 0: read to the end, or to one byte too many.
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.max(size - total, 4096) + 1);
      const bytes = system('read', path, () => readSync(descriptor, chunk));
      if (bytes === 0) return Buffer.concat(chunks, total);
      chunks.push(chunk.subarray(0, bytes));
      total += bytes;
      refuseOver(greatestBytes, total, path);
    }
  } finally {
    closeSync(descriptor);
  }
}

export function writeWhole(
  place: Place,
  path: string,
  data: Uint8Array,
  { flag, mode }: { flag: FileFlag; mode: number },
): void {
  const descriptor = openFile(place, path, flag, mode);
  try {
    writeAll(descriptor, data, path);
  } finally {
    closeSync(descriptor);
  }
}

/** `position` null: where the file is at, and on from there. */
export function writeAll(
  descriptor: number,
  data: Uint8Array,
  path: string,
  position: number | null = null,
): void {
  for (let at = 0; at < data.length;) {
    const to = position === null ? null : position + at;
    at += system('write', path, () => writeSync(descriptor, data, at, data.length - at, to));
  }
}

/** Sets the size of a file. */
export function truncate(place: Place, path: string, size: number): void {
  const descriptor = openFile(place, path, 'r+', 0);
  try {
    system('ftruncate', path, () => ftruncateSync(descriptor, size));
  } finally {
    closeSync(descriptor);
  }
}

/** Sets the mode of a regular file or folder. */
export function changeMode(place: Place, path: string, mode: number): void {
  withExisting(place, path, { access: 'write', syscall: 'chmod' }, ({ path: anchored, stat, written }) => {
    if (!stat.isFile() && !stat.isDirectory()) throw systemError('EPERM', 'chmod', written);
    system('chmod', written, () => {
      const descriptor = openSync(anchored, O_RDONLY | O_NONBLOCK);
      try {
        fchmodSync(descriptor, mode & modeBits);
      } finally {
        closeSync(descriptor);
      }
    });
  });
}

/** Runs a function of the system; its error names the path that the script wrote. */
export function system<T>(syscall: string, path: string, work: () => T, dest?: string): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof HostError ? error : systemError(error, syscall, path, dest);
  }
}

export function refuseOver(greatest: number, size: number, path: string): void {
  if (size <= greatest) return;
  throw new HostError(
    'ERR_FS_FILE_TOO_LARGE',
    `File size (${size}) of '${path}' is greater than ${greatest} bytes, the most that the template lets be read or written at once (config.maxBytes)`,
    { fields: { path }, target: path },
  );
}
