// The file functions that the guest's `fs` is made of: each parses its arguments, then acts within the reach.
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  mkdtempSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  utimesSync,
  type Stats,
} from 'node:fs';
import * as z from 'zod';
import type { HostValue } from '../../engine/module-host.js';
import { Held } from '../held.js';
import { HostError, type HostAnswer, type OpenHostModule, type RunEnd } from '../host-module.js';
import { withExisting, withSpot, type Place } from './anchor.js';
import {
  changeMode,
  openFile,
  opensToWrite,
  readWhole,
  refuseJournal,
  refuseOver,
  system,
  truncate,
  writeAll,
  writeWhole,
} from './contents.js';
import { systemError } from './errors.js';
import { kindOf, list, makeFolder, removeTree, type Walk } from './trees.js';

/** Descriptors that a session may hold at once; more is a script that forgets to close them. */
const greatestOpen = 64;
/** Entries of one listing: about 10 MB of names. */
const greatestEntries = 100_000;

export interface FileBounds {
  /** Bytes that one call may read or write. */
  maxBytes: number;
  /** Bytes that one execution may write. */
  maxWrittenBytes: number;
}

interface Options extends FileBounds {
  place: Place;
  leftMs: () => number;
  run: () => number;
}

interface OpenFile {
  /** The system's, which scripts do not see: it is given again as soon as it is closed. */
  descriptor: number;
  path: string;
  /** Whether it was opened to be changed. */
  writes: boolean;
}

const path = z.string().max(4096);
const mode = z.int().min(0).max(0o7777);
const data = z.union([z.string(), z.instanceof(Uint8Array)]);
const encoding = z.enum(['utf8', 'latin1', 'base64', 'base64url', 'hex', 'utf16le', 'ascii']);
const flags = z.union([z.string(), z.int().min(0)]);
const position = z.int().min(0).nullable();
const descriptor = z.int().min(0);
const time = z.number();

export class FileOperations implements OpenHostModule {
  readonly #options: Options;
  readonly #open = new Held<OpenFile>();
  #written = { run: -1, bytes: 0 };

  constructor(options: Options) {
    this.#options = options;
  }

  /** Calls the function of this name. Throws HostError. */
  call(name: string, args: readonly HostValue[]): HostAnswer {
    const operation = Object.hasOwn(this.#operations, name) ? this.#operations[name] : undefined;
    if (operation === undefined) throw new HostError('ENOSYS', `fs has no function ${JSON.stringify(name)}`);
    return operation(args);
  }

  /** Closes what a run opened of which the session knows nothing any more. */
  runEnded({ state }: RunEnd): void {
    for (const file of this.#open.runEnded(state === 'kept')) closeSync(file.descriptor);
  }

  /** Closes what is open. */
  close(): void {
    for (const file of this.#open.takeAll()) closeSync(file.descriptor);
  }

  readonly #operations: Readonly<Record<string, (args: readonly HostValue[]) => HostAnswer>> = {
    readFile: operation([path, encoding.nullable()], (file, as) => {
      const bytes = readWhole(this.#place, file, this.#options.maxBytes);
      const value = as === null ? bytes : system('read', file, () => bytes.toString(as));
      return { value, target: file, bytes: bytes.length };
    }),
    writeFile: operation([path, data, encoding, flags, mode], (file, content, as, flag, bits) => {
      const bytes = this.#toWrite(file, content, as);
      writeWhole(this.#place, file, bytes, { flag, mode: bits });
      return { value: undefined, target: file, bytes: bytes.length };
    }),
    open: operation([path, flags, mode], (file, flag, bits) => {
      if (this.#open.size >= greatestOpen) throw systemError('EMFILE', 'open', file);
      const opened = openFile(this.#place, file, flag, bits);
      const writes = opensToWrite(flag);
      const value = this.#open.add({ descriptor: opened, path: file, writes });
      return { value, target: file, write: writes };
    }),
    close: operation([descriptor], (number) => {
      const { path: target, descriptor: opened } = this.#requireOpen(number, 'close');
      this.#open.take(number);
      closeSync(opened);
      return { value: undefined, target };
    }),
    read: operation([descriptor, z.int().min(0), position], (number, length, at) => {
      const { path: target, descriptor: opened } = this.#requireOpen(number, 'read');
      refuseOver(this.#options.maxBytes, length, target);
      const buffer = Buffer.allocUnsafe(length);
      const bytes = system('read', target, () => readSync(opened, buffer, 0, length, at));
      return { value: buffer.subarray(0, bytes), target, bytes };
    }),
    write: operation([descriptor, data, encoding, position], (number, content, as, at) => {
      const { path: target, descriptor: opened } = this.#requireOpen(number, 'write');
      const bytes = this.#toWrite(target, content, as);
      writeAll(opened, bytes, target, at);
      return { value: bytes.length, target, bytes: bytes.length };
    }),
    fsync: operation([descriptor], (number) =>
      this.#onOpen(number, 'fsync', ({ descriptor: open }) => fsyncSync(open)),
    ),
    ftruncate: operation([descriptor, z.int().min(0)], (number, size) =>
      this.#onOpen(number, 'ftruncate', ({ descriptor: open, path: target }) => {
        refuseOver(this.#options.maxBytes, size, target);
        this.#count(target, size);
        ftruncateSync(open, size);
      }),
    ),
    futimes: operation([descriptor, time, time], (number, accessed, modified) =>
      this.#onOpen(number, 'futime', ({ descriptor: open, path: target, writes }) => {
        // The system asks who owns the file, not how it was opened.
        if (!writes) throw systemError('EPERM', 'futime', target);
        futimesSync(open, accessed, modified);
      }),
    ),
    fstat: operation([descriptor], (number) => {
      const { path: target, descriptor: opened } = this.#requireOpen(number, 'fstat');
      return { value: describe(fstatSync(opened)), target };
    }),
    stat: operation([path], (file) => {
      const use = { access: 'read', syscall: 'stat' } as const;
      return withExisting(this.#place, file, use, ({ stat }) => ({ value: describe(stat), target: file }));
    }),
    lstat: operation([path], (file) => {
      const use = { access: 'read', syscall: 'lstat', follow: false } as const;
      return withExisting(this.#place, file, use, ({ stat }) => ({ value: describe(stat), target: file }));
    }),
    access: operation([path, z.int().min(0).max(7)], (file, wanted) => {
      const use = { access: (wanted & constants.W_OK) === 0 ? 'read' : 'write', syscall: 'access' } as const;
      return withExisting(this.#place, file, use, ({ path: anchored, written }) => {
        system('access', written, () => accessSync(anchored, wanted));
        return { value: undefined, target: file, write: use.access === 'write' };
      });
    }),
    realpath: operation([path], (file) => {
      const use = { access: 'read', syscall: 'realpath' } as const;
      return withExisting(this.#place, file, use, ({ real }) => ({ value: real, target: file }));
    }),
    readlink: operation([path], (file) =>
      withSpot(this.#place, file, { access: 'read', syscall: 'readlink' }, (spot) => {
        const value = system('readlink', spot.written, () => readlinkSync(spot.path));
        return { value, target: file };
      }),
    ),
    readdir: operation([path, z.boolean()], (folder, recursive) => {
      const entries = list(this.#place, folder, recursive, this.#walk('scandir', folder));
      return { value: entries.map(({ name, kind }) => [name, kind]), target: folder };
    }),
    mkdir: operation([path, z.boolean(), mode], (folder, recursive, bits) => {
      const value = makeFolder(this.#place, folder, { recursive, mode: bits & 0o777 });
      return { value, target: folder };
    }),
    mkdtemp: operation([path], (prefix) =>
      withSpot(this.#place, `${prefix}XXXXXX`, { syscall: 'mkdtemp', makes: true }, (spot) => {
        const made = system('mkdtemp', prefix, () => mkdtempSync(spot.path.slice(0, -'XXXXXX'.length)));
        return { value: prefix + made.slice(-'XXXXXX'.length), target: prefix };
      }),
    ),
    rm: operation([path, z.boolean(), z.boolean()], (file, recursive, force) => {
      removeTree(this.#place, file, { recursive, force }, this.#walk('rm', file));
      return { value: undefined, target: file };
    }),
    rmdir: operation([path], (folder) =>
      withSpot(this.#place, folder, { syscall: 'rmdir' }, (spot) => {
        system('rmdir', spot.written, () => rmdirSync(spot.path));
        return { value: undefined, target: folder };
      }),
    ),
    unlink: operation([path], (file) =>
      withSpot(this.#place, file, { syscall: 'unlink' }, (spot) => {
        system('unlink', spot.written, () => unlinkSync(spot.path));
        return { value: undefined, target: file };
      }),
    ),
    rename: operation([path, path], (from, to) =>
      withSpot(this.#place, from, { syscall: 'rename' }, (source) =>
        withSpot(this.#place, to, { syscall: 'rename' }, (target) => {
          refuseJournal(this.#place, target.real, 'rename');
          system('rename', source.written, () => renameSync(source.path, target.path), target.written);
          return { value: undefined, target: from, path: to };
        }),
      ),
    ),
    copyFile: operation([path, path, z.boolean()], (from, to, exclusive) => {
      const bytes = readWhole(this.#place, from, this.#options.maxBytes);
      this.#count(to, bytes.length);
      const { mode: bits } = withExisting(
        this.#place,
        from,
        { access: 'read', syscall: 'copyfile' },
        ({ stat }) => stat,
      );
      writeWhole(this.#place, to, bytes, { flag: exclusive ? 'wx' : 'w', mode: bits });
      return { value: undefined, target: from, path: to, bytes: bytes.length };
    }),
    truncate: operation([path, z.int().min(0)], (file, size) => {
      refuseOver(this.#options.maxBytes, size, file);
      this.#count(file, size);
      truncate(this.#place, file, size);
      return { value: undefined, target: file };
    }),
    chmod: operation([path, mode], (file, bits) => {
      changeMode(this.#place, file, bits);
      return { value: undefined, target: file };
    }),
    utimes: operation([path, time, time], (file, accessed, modified) => {
      const use = { access: 'write', syscall: 'utime' } as const;
      return withExisting(this.#place, file, use, ({ path: anchored, written }) => {
        system('utime', written, () => utimesSync(anchored, accessed, modified));
        return { value: undefined, target: file };
      });
    }),
  };

  get #place(): Place {
    return this.#options.place;
  }

  #requireOpen(number: number, syscall: string): OpenFile {
    const open = this.#open.find(number);
    if (open !== undefined) return open;
    throw new HostError('EBADF', `EBADF: bad file descriptor, ${syscall}`, {
      fields: { syscall, errno: -9 },
    });
  }

  /** Has an open file changed. */
  #onOpen(number: number, syscall: string, change: (open: OpenFile) => void): HostAnswer {
    const open = this.#requireOpen(number, syscall);
    system(syscall, open.path, () => change(open));
    return { value: undefined, target: open.path, write: true };
  }

  /** What is to be written, once it is sure that it may be. */
  #toWrite(target: string, content: string | Uint8Array, as: BufferEncoding): Uint8Array {
    const bytes = typeof content === 'string' ? Buffer.from(content, as) : content;
    refuseOver(this.#options.maxBytes, bytes.length, target);
    this.#count(target, bytes.length);
    return bytes;
  }

  /** Throws EDQUOT where the execution has written all that it may. */
  #count(target: string, bytes: number): void {
    const run = this.#options.run();
    if (this.#written.run !== run) this.#written = { run, bytes: 0 };
    this.#written.bytes += bytes;
    if (this.#written.bytes > this.#options.maxWrittenBytes) throw systemError('EDQUOT', 'write', target);
  }

  #walk(syscall: string, target: string): Walk {
    return {
      greatest: greatestEntries,
      checkTime: () => {
        if (this.#options.leftMs() <= 0) throw systemError('ETIMEDOUT', syscall, target);
      },
    };
  }
}

/** A function whose arguments are parsed before it acts. */
function operation<Args extends readonly unknown[]>(
  schemas: readonly [...{ [Index in keyof Args]: z.ZodType<Args[Index]> }],
  act: (...args: Args) => HostAnswer,
): (args: readonly HostValue[]) => HostAnswer {
  const tuple = z.tuple(schemas as unknown as [z.ZodType, ...z.ZodType[]]);
  return (args) => {
    const parsed = tuple.safeParse(args);
    if (parsed.success) return act(...(parsed.data as unknown as Args));
    const [issue] = parsed.error.issues;
    const where = issue?.path.length ? `argument ${Number(issue.path[0]) + 1}: ` : '';
    throw new HostError('ERR_INVALID_ARG_TYPE', `${where}${issue?.message ?? 'not what was expected'}`);
  };
}

/** What the guest makes a `Stats` of. */
function describe(stat: Stats): HostValue {
  const { dev, ino, mode: bits, nlink, uid, gid, rdev, size, blksize, blocks } = stat;
  const { atimeMs, mtimeMs, ctimeMs, birthtimeMs } = stat;
  const numbers = { dev, ino, mode: bits, nlink, uid, gid, rdev, size, blksize, blocks };
  return { ...numbers, atimeMs, mtimeMs, ctimeMs, birthtimeMs, kind: kindOf(stat) };
}
