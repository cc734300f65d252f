// The module `fs`: Node's names and shapes over the functions of the host. Each exists as `nameSync`, as `name` with a
// callback, and in `promises`; all do their work at once, for the session waits for nothing else.
import { encodingOf, toBuffer, toData } from './encodings.js';
import { Dirent, Stats, type Kind, type StatNumbers } from './stats.js';

type Options = Readonly<Record<string, unknown>> | string | null | undefined;

const constants = { F_OK: 0, X_OK: 1, W_OK: 2, R_OK: 4, COPYFILE_EXCL: 1 } as const;

/** A path as text; Node also takes file URLs and Buffers. */
function toPath(path: unknown): string {
  if (typeof path === 'string') return path;
  const url = path as { protocol?: unknown; pathname?: unknown } | null;
  if (typeof path === 'object' && url?.protocol === 'file:' && typeof url.pathname === 'string')
    return decodeURIComponent(url.pathname);
  if (path instanceof Uint8Array) return path.toString();
  throw Object.assign(
    new TypeError(
      `The "path" argument must be of type string or an instance of Buffer or URL. Received ${path === null ? 'null' : typeof path}`,
    ),
    { code: 'ERR_INVALID_ARG_TYPE' },
  );
}

const option = (options: Options, name: string): unknown =>
  typeof options === 'object' && options !== null ? options[name] : undefined;

function modeOf(mode: unknown, usual: number): number {
  if (mode === undefined || mode === null) return usual;
  return typeof mode === 'string' ? parseInt(mode, 8) : (mode as number);
}

const toSeconds = (time: unknown): number =>
  time instanceof Date ? time.getTime() / 1000 : Number(time as number | string);

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
  const flag = option(options, 'flag') ?? usualFlag;
  host(
    'writeFile',
    toPath(path),
    toData(data),
    encodingOf(options) ?? 'utf8',
    flag,
    modeOf(option(options, 'mode'), 0o666),
  );
}

const functions = {
  access(path: unknown, mode: number = constants.F_OK): void {
    host('access', toPath(path), mode);
  },
  appendFile(path: unknown, data: unknown, options?: Options): void {
    write(path, data, options, 'a');
  },
  chmod(path: unknown, mode: unknown): void {
    host('chmod', toPath(path), modeOf(mode, 0o666));
  },
  close(descriptor: number): void {
    host('close', descriptor);
  },
  copyFile(from: unknown, to: unknown, mode = 0): void {
    host('copyFile', toPath(from), toPath(to), (mode & constants.COPYFILE_EXCL) !== 0);
  },
  fstat(descriptor: number): Stats {
    return new Stats(host('fstat', descriptor) as StatNumbers);
  },
  lstat(path: unknown, options?: Options): Stats | undefined {
    return stat('lstat', path, options);
  },
  mkdir(path: unknown, options?: Options | number): string | undefined {
    const given = typeof options === 'number' ? { mode: options } : options;
    const recursive = option(given, 'recursive') === true;
    return host('mkdir', toPath(path), recursive, modeOf(option(given, 'mode'), 0o777)) as string | undefined;
  },
  mkdtemp(prefix: unknown): string {
    return host('mkdtemp', toPath(prefix)) as string;
  },
  open(path: unknown, flag: string = 'r', mode?: unknown): number {
    return host('open', toPath(path), flag, modeOf(mode, 0o666)) as number;
  },
  read(descriptor: number, buffer: Uint8Array, ...rest: unknown[]): number {
    const [first] = rest;
    const given =
      typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : undefined;
    const offset = Number(given === undefined ? (first ?? 0) : (given['offset'] ?? 0));
    const length = Number((given === undefined ? rest[1] : given['length']) ?? buffer.byteLength - offset);
    const position = (given === undefined ? rest[2] : given['position']) ?? null;
    const bytes = host('read', descriptor, length, position) as Uint8Array;
    buffer.set(bytes, offset);
    return bytes.length;
  },
  readFile(path: unknown, options?: Options): string | Uint8Array {
    const encoding = encodingOf(options);
    const content = host('readFile', toPath(path), encoding) as string | Uint8Array;
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
    host('rename', toPath(from), toPath(to));
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
  truncate(path: unknown, size = 0): void {
    host('truncate', toPath(path), size);
  },
  unlink(path: unknown): void {
    host('unlink', toPath(path));
  },
  utimes(path: unknown, accessed: unknown, modified: unknown): void {
    host('utimes', toPath(path), toSeconds(accessed), toSeconds(modified));
  },
  write(descriptor: number, data: unknown, ...rest: unknown[]): number {
    if (typeof data === 'string') {
      const [position, encoding] = rest;
      return host('write', descriptor, data, encodingOf(encoding) ?? 'utf8', position ?? null) as number;
    }
    const bytes = toData(data) as Uint8Array;
    const offset = Number(rest[0] ?? 0);
    const length = Number(rest[1] ?? bytes.length - offset);
    return host('write', descriptor, bytes.slice(offset, offset + length), 'utf8', rest[2] ?? null) as number;
  },
  writeFile(path: unknown, data: unknown, options?: Options): void {
    write(path, data, options, 'w');
  },
};

type AnyFunction = (...args: unknown[]) => unknown;

/** Those of `fs.promises`: descriptors are not among them, as in Node. */
const withoutPromise = new Set(['close', 'fstat', 'open', 'read', 'write']);

const promises: Record<string, unknown> = { constants };
const fs: Record<string, unknown> = {
  constants,
  promises,
  Stats,
  Dirent,
  ...constants,
  existsSync(path: unknown): boolean {
    try {
      functions.access(path);
      return true;
    } catch {
      return false;
    }
  },
};

for (const [name, work] of Object.entries(functions) as [string, AnyFunction][]) {
  fs[`${name}Sync`] = named(`${name}Sync`, (...args) => work(...args));
  fs[name] = named(name, (...args) => {
    const callback = args.pop();
    if (typeof callback !== 'function') {
      throw Object.assign(new TypeError('The "cb" argument must be of type function'), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
    void Promise.resolve().then(() => {
      let outcome: unknown[];
      try {
        outcome = [null, work(...args)];
      } catch (error) {
        outcome = [error];
      }
      setTimeout(() => (callback as AnyFunction)(...outcome), 0);
    });
  });
  if (!withoutPromise.has(name)) promises[name] = named(name, async (...args) => work(...args));
}

function named(name: string, work: AnyFunction): AnyFunction {
  return Object.defineProperty(work, 'name', { value: name });
}

declare function setTimeout(callback: () => void, delayMs: number): number;

export default fs;
