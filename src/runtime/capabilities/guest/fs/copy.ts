// `fs.cp`: copies a file, or a folder with all in it, by the calls that a script could make itself; each is confined and
// counted as its own.
import { argumentError, option, type Options } from '../arguments.js';
import type { Kind, StatNumbers } from '../stats.js';

/** Folders in folders that are copied, as many as are walked at once. */
const greatestDepth = 200;

interface Choices {
  recursive: boolean;
  force: boolean;
  errorOnExist: boolean;
  dereference: boolean;
  preserveTimestamps: boolean;
  exclusive: boolean;
  filter: ((from: string, to: string) => unknown) | undefined;
}

export function copyTree(from: string, to: string, options: Options): void {
  const filter = option(options, 'filter');
  const choices: Choices = {
    recursive: option(options, 'recursive') === true,
    force: option(options, 'force') !== false,
    errorOnExist: option(options, 'errorOnExist') === true,
    dereference: option(options, 'dereference') === true,
    preserveTimestamps: option(options, 'preserveTimestamps') === true,
    exclusive: (Number(option(options, 'mode') ?? 0) & 1) !== 0,
    filter: typeof filter === 'function' ? (filter as Choices['filter']) : undefined,
  };
  if (!isWanted(from, to, choices)) return;
  const source = look(from, choices);
  if (source === undefined) host('lstat', from);
  // Of the target first: what is denied it is denied for writing.
  const realTo = host('realpath', to, 'write') as string;
  const realFrom = host('realpath', from, 'read') as string;
  if (realFrom === realTo) throw failure('ERR_FS_CP_EINVAL', `src and dest cannot be the same ${to}`, to);
  if (source?.kind === 'directory' && realTo.startsWith(`${realFrom}/`))
    throw failure('ERR_FS_CP_EINVAL', `cannot copy ${from} to a subdirectory of self ${to}`, to);
  copy(from, to, choices, 0);
}

function copy(from: string, to: string, choices: Choices, depth: number): void {
  const source = look(from, choices) ?? (host('lstat', from) as StatNumbers);
  const target = look(to, choices);
  if (source.kind === 'directory') copyFolder(from, to, { source, target, choices, depth });
  else if (source.kind === 'file') copyFile(from, to, { source, target, choices, depth });
  else if (source.kind === 'symlink')
    throw failure(
      'ENOSYS',
      `cannot copy the link ${from}: links are not made; copy what it leads to with dereference: true`,
      from,
    );
  else throw failure('ERR_FS_CP_FIFO_PIPE', `cannot copy what is neither a file nor a folder: ${from}`, from);
  if (choices.preserveTimestamps) host('utimes', to, source.atimeMs / 1000, source.mtimeMs / 1000);
}

interface Work {
  source: StatNumbers;
  target: StatNumbers | undefined;
  choices: Choices;
  depth: number;
}

/** The folder around the first is asked for only where it is missing: it may not be granted, and need not. */
function make(to: string, depth: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (depth > 0 || (error as { code?: unknown }).code !== 'ENOENT') throw error;
    host('mkdir', folderOf(to), true, 0o777);
    work();
  }
}

function copyFile(from: string, to: string, { target, choices, depth }: Work): void {
  if (target?.kind === 'directory')
    throw failure(
      'ERR_FS_CP_NON_DIR_TO_DIR',
      `cannot overwrite directory ${to} with non-directory ${from}`,
      to,
    );
  if (target !== undefined && !choices.force) {
    if (!choices.errorOnExist) return;
    throw failure('ERR_FS_CP_EEXIST', `${to} already exists`, to);
  }
  make(to, depth, () => host('copyFile', from, to, choices.exclusive));
}

function copyFolder(from: string, to: string, { source, target, choices, depth }: Work): void {
  if (!choices.recursive)
    throw failure('ERR_FS_EISDIR', `Recursive option not enabled, cannot copy a directory: ${from}`, from);
  if (target !== undefined && target.kind !== 'directory')
    throw failure(
      'ERR_FS_CP_DIR_TO_NON_DIR',
      `cannot overwrite non-directory ${to} with directory ${from}`,
      to,
    );
  if (depth > greatestDepth)
    throw failure(
      'ENAMETOOLONG',
      `${from} is more than ${greatestDepth} folders deep, the most that are copied at once`,
      from,
    );
  const entries = host('readdir', from, false) as [string, Kind][];
  if (target === undefined) make(to, depth, () => host('mkdir', to, false, source.mode & 0o777));
  for (const [name] of entries) {
    const [inner, made] = [`${from}/${name}`, `${to}/${name}`];
    if (isWanted(inner, made, choices)) copy(inner, made, choices, depth + 1);
  }
}

function isWanted(from: string, to: string, { filter }: Choices): boolean {
  if (filter === undefined) return true;
  const wanted = filter(from, to);
  if (typeof (wanted as { then?: unknown } | null)?.then === 'function')
    throw argumentError(
      'ERR_INVALID_RETURN_VALUE',
      'Expected boolean to be returned from the "filter" function',
    );
  return Boolean(wanted);
}

/** What is there; `undefined` for nothing. */
function look(path: string, { dereference }: Choices): StatNumbers | undefined {
  try {
    return host(dereference ? 'stat' : 'lstat', path) as StatNumbers;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

function folderOf(path: string): string {
  const plain = path.replace(/\/+$/, '');
  const cut = plain.lastIndexOf('/');
  return cut === -1 ? '.' : plain.slice(0, cut) || '/';
}

const failure = (code: string, message: string, path: string): Error =>
  Object.assign(new Error(message), { code, syscall: 'cp', path });
