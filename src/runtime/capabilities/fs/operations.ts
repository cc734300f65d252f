// The file functions that the guest's `fs` is made of: each parses its arguments, then acts within the reach.
import {
  accessSync,
  constants,
  mkdtempSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import * as z from 'zod';
import type { HostValue } from '../../engine/module-host.js';
import { HostError, type HostAnswer, type OpenHostModule, type RunEnd } from '../host-module.js';
import { whereItIs, withExisting, withSpot, type Place } from './anchor.js';
import {
  changeMode,
  readWhole,
  refuseJournal,
  refuseOver,
  system,
  truncate,
  writeWhole,
} from './contents.js';
import { systemError } from './errors.js';
import { OpenFiles } from './open-files.js';
import { data, describe, encoding, flags, mode, operation, path, time, type Operation } from './operation.js';
import { list, makeFolder, removeTree, type Walk } from './trees.js';
import { WriteQuota, type FileBounds } from './write-quota.js';

/** Entries of one listing: about 10 MB of names. */
const greatestEntries = 100_000;

interface Options extends FileBounds {
  place: Place;
  leftMs: () => number;
  run: () => number;
}

export class FileOperations implements OpenHostModule {
  readonly #options: Options;
  readonly #quota: WriteQuota;
  readonly #open: OpenFiles;

  constructor(options: Options) {
    this.#options = options;
    this.#quota = new WriteQuota(options, options.run);
    this.#open = new OpenFiles(options.place, options.maxBytes, this.#quota);
  }

  /** Calls the function of this name. Throws HostError. */
  call(name: string, args: readonly HostValue[]): HostAnswer {
    const known = [this.#operations, this.#open.operations].find((some) => Object.hasOwn(some, name))?.[name];
    if (known === undefined) throw new HostError('ENOSYS', `fs has no function ${JSON.stringify(name)}`);
    return known(args);
  }

  /** Closes what a run opened of which the session knows nothing any more. */
  runEnded({ state }: RunEnd): void {
    this.#open.runEnded(state === 'kept');
  }

  /** Closes what is open. */
  close(): void {
    this.#open.close();
  }

  readonly #operations: Readonly<Record<string, Operation>> = {
    readFile: operation([path, encoding.nullable()], (file, as) => {
      const bytes = readWhole(this.#place, file, this.#options.maxBytes);
      const value = as === null ? bytes : system('read', file, () => bytes.toString(as));
      return { value, target: file, bytes: bytes.length };
    }),
    writeFile: operation([path, data, encoding, flags, mode], (file, content, as, flag, bits) => {
      const bytes = this.#quota.bytesOf(file, content, as);
      this.#quota.spend(file, bytes.length, () => writeWhole(this.#place, file, bytes, { flag, mode: bits }));
      return { value: undefined, target: file, bytes: bytes.length };
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
    // With what it is asked for, also of what is not there.
    realpath: operation([path, z.enum(['read', 'write']).optional()], (file, wanted) => {
      if (wanted !== undefined)
        return { value: whereItIs(this.#place, file, { access: wanted, syscall: 'realpath' }), target: file };
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
      const { mode: bits } = withExisting(
        this.#place,
        from,
        { access: 'read', syscall: 'copyfile' },
        ({ stat }) => stat,
      );
      this.#quota.spend(to, bytes.length, () =>
        writeWhole(this.#place, to, bytes, { flag: exclusive ? 'wx' : 'w', mode: bits }),
      );
      return { value: undefined, target: from, path: to, bytes: bytes.length };
    }),
    truncate: operation([path, z.int().min(0)], (file, size) => {
      refuseOver(this.#options.maxBytes, size, file);
      this.#quota.spend(file, size, () => truncate(this.#place, file, size));
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

  #walk(syscall: string, target: string): Walk {
    return {
      greatest: greatestEntries,
      checkTime: () => {
        if (this.#options.leftMs() <= 0) throw systemError('ETIMEDOUT', syscall, target);
      },
    };
  }
}
