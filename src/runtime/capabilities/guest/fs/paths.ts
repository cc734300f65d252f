// The functions of `fs` that take a path; those for whole files also take a descriptor.
import { modeOf, option, toPath, toSeconds, type Options } from '../arguments.js';
import { encodingOf, toBuffer, toData } from '../encodings.js';
import { Dirent, Stats, type Kind, type StatNumbers } from '../stats.js';
import { constants } from './constants.js';
import { copyTree } from './copy.js';
import { readRest, writeRest } from './descriptors.js';
import { Dir } from './dir.js';

function stat(name: 'stat' | 'lstat', path: unknown, options?: Options): Stats | undefined {
  try {
    return new Stats(host(name, toPath(path)) as StatNumbers);
  } catch (error) {
    if (option(options, 'throwIfNoEntry') === false && (error as { code?: unknown }).code === 'ENOENT')
      return undefined;
    throw error;
  }
}

function write(path: unknown, data: unknown, options: Options, usualFlag: string): void {
  if (typeof path === 'number') return writeRest(path, data, options);
  const flag = option(options, 'flag') ?? usualFlag;
  const mode = modeOf(option(options, 'mode'), 0o666);
  host('writeFile', toPath(path), toData(data), encodingOf(options) ?? 'utf8', flag, mode);
}

export const byPath = {
  access(path: unknown, mode: number = constants.F_OK): void {
    host('access', toPath(path), mode);
  },
  appendFile(path: unknown, data: unknown, options?: Options): void {
    write(path, data, options, 'a');
  },
  chmod(path: unknown, mode: unknown): void {
    host('chmod', toPath(path), modeOf(mode, 0o666));
  },
  copyFile(from: unknown, to: unknown, mode = 0): void {
    host('copyFile', toPath(from, 'src'), toPath(to, 'dest'), (mode & constants.COPYFILE_EXCL) !== 0);
  },
  cp(from: unknown, to: unknown, options?: Options): void {
    copyTree(toPath(from, 'src'), toPath(to, 'dest'), options);
  },
  lstat(path: unknown, options?: Options): Stats | undefined {
    return stat('lstat', path, options);
  },
  mkdir(path: unknown, options?: Options | number): string | undefined {
    const given = typeof options === 'object' ? options : { mode: options };
    const recursive = option(given, 'recursive') === true;
    return host('mkdir', toPath(path), recursive, modeOf(option(given, 'mode'), 0o777)) as string | undefined;
  },
  mkdtemp(prefix: unknown): string {
    return host('mkdtemp', toPath(prefix, 'prefix')) as string;
  },
  opendir(path: unknown, options?: Options): Dir {
    const entries = byPath.readdir(path, { recursive: option(options, 'recursive'), withFileTypes: true });
    return new Dir(toPath(path), entries as Dirent[]);
  },
  readFile(path: unknown, options?: Options): string | Uint8Array {
    if (typeof path === 'number') return readRest(path, options);
    const content = host('readFile', toPath(path), encodingOf(options)) as string | Uint8Array;
    return typeof content === 'string' ? content : toBuffer(content);
  },
  readdir(path: unknown, options?: Options): (string | Dirent)[] {
    const folder = toPath(path);
    const entries = host('readdir', folder, option(options, 'recursive') === true) as [string, Kind][];
    entries.sort(([left], [right]) => (left < right ? -1 : 1));
    if (option(options, 'withFileTypes') !== true) return entries.map(([name]) => name);
    return entries.map(([name, kind]) => {
      const cut = name.lastIndexOf('/');
      const parent = cut === -1 ? folder : `${folder}/${name.slice(0, cut)}`;
      return new Dirent(name.slice(cut + 1), parent, kind);
    });
  },
  readlink(path: unknown): string {
    return host('readlink', toPath(path)) as string;
  },
  realpath(path: unknown): string {
    return host('realpath', toPath(path)) as string;
  },
  rename(from: unknown, to: unknown): void {
    host('rename', toPath(from, 'oldPath'), toPath(to, 'newPath'));
  },
  rm(path: unknown, options?: Options): void {
    host('rm', toPath(path), option(options, 'recursive') === true, option(options, 'force') === true);
  },
  rmdir(path: unknown): void {
    host('rmdir', toPath(path));
  },
  stat(path: unknown, options?: Options): Stats | undefined {
    return stat('stat', path, options);
  },
  truncate(path: unknown, size: unknown = 0): void {
    host('truncate', toPath(path), size);
  },
  unlink(path: unknown): void {
    host('unlink', toPath(path));
  },
  utimes(path: unknown, accessed: unknown, modified: unknown): void {
    host('utimes', toPath(path), toSeconds(accessed), toSeconds(modified));
  },
  writeFile(path: unknown, data: unknown, options?: Options): void {
    write(path, data, options, 'w');
  },
};

/** Whether there is something that may be read. */
export function exists(path: unknown): boolean {
  try {
    byPath.access(path);
    return true;
  } catch {
    return false;
  }
}
