// Paths inside a worktree: a path that a client or template wrote into the text of a file that really lies there.
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { isWithin, realPath } from './capabilities/fs/reach.js';
import { RuntimeError } from './errors.js';

const { O_NONBLOCK, O_RDONLY } = constants;
/** Linux: a descriptor that only names what is there. Opening it so has no effect on FIFOs, devices and locks. */
const O_PATH = 0o10_000_000;

/** A script larger than this is a mistake: it would not fit into most sessions. */
const greatestFileBytes = 16 * 1024 * 1024;

/** The real path of a folder that is to be a worktree. Throws INVALID_PATH or FILE_NOT_FOUND. */
export function requireWorktree(path: string): string {
  if (!isAbsolute(path) || path.includes('\0')) {
    throw new RuntimeError('INVALID_PATH', `worktree ${quote(path)}: expected an absolute path`);
  }
  const real = attempt(path, () => realpathSync(path), tmpHint(path));
  if (!statSync(real).isDirectory())
    throw new RuntimeError('INVALID_PATH', `worktree ${quote(path)}: not a folder`);
  return real;
}

/** The path as it is written down: relative, without `.` and `..`. Throws INVALID_PATH. */
export function requireRelativePath(path: string): string {
  const normal = normalize(path);
  const escapes = isAbsolute(path) || normal === '..' || normal.startsWith(`..${sep}`);
  if (escapes || path.includes('\0') || path.split(sep).includes('..') || normal === '.') {
    throw new RuntimeError(
      'INVALID_PATH',
      `path ${quote(path)}: expected a path inside the worktree, without ".."`,
    );
  }
  return normal;
}

/**
 * The text of a file of the worktree, outside of the `closed` files and folders. What the path leads to is taken hold
 * of first and checked, links resolved, so that what is checked is what is read.
 * Throws INVALID_PATH, FILE_NOT_FOUND or VALIDATION_ERROR.
 */
export function readFromWorktree(worktree: string, path: string, closed: readonly string[] = []): string {
  const relative = requireRelativePath(path);
  const anchor = attempt(path, () => openSync(join(worktree, relative), O_PATH));
  let descriptor: number | undefined;
  try {
    const anchored = `/proc/self/fd/${anchor}`;
    const real = readlinkSync(anchored);
    if (!real.startsWith(worktree === sep ? sep : worktree + sep)) {
      throw new RuntimeError(
        'INVALID_PATH',
        `path ${quote(path)}: leads out of the worktree, to ${quote(real)}`,
      );
    }
    if (closed.some((folder) => isWithin(realPath(folder), real))) {
      throw new RuntimeError('INVALID_PATH', `path ${quote(path)}: leads to the daemon’s own files`);
    }
    const stat = fstatSync(anchor);
    if (!stat.isFile()) throw new RuntimeError('FILE_NOT_FOUND', `file ${quote(path)}: not a regular file`);
    if (stat.size > greatestFileBytes) {
      throw new RuntimeError(
        'VALIDATION_ERROR',
        `file ${quote(path)}: ${stat.size} bytes, expected at most ${greatestFileBytes}`,
      );
    }
    const opened = attempt(path, () => openSync(anchored, O_RDONLY | O_NONBLOCK));
    descriptor = opened;
    return decode(path, readFileSync(opened));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
    closeSync(anchor);
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new RuntimeError('VALIDATION_ERROR', `file ${quote(path)}: not UTF-8`, { cause });
  }
}

/** The daemon may run where others' temporary files cannot be seen. */
const tmpHint = (path: string): string =>
  /^(?:\/var)?\/tmp\//.test(path)
    ? ', at least not for this daemon: a service may have a /tmp of its own'
    : '';

function attempt<T>(path: string, open: () => T, hint = ''): T {
  try {
    return open();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new RuntimeError('FILE_NOT_FOUND', `file ${quote(path)}: does not exist${hint}`, { cause });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new RuntimeError('FILE_NOT_FOUND', `file ${quote(path)}: may not be read`, { cause });
    }
    if (code === 'ELOOP' || code === 'ENAMETOOLONG' || code === 'ENXIO') {
      throw new RuntimeError('INVALID_PATH', `file ${quote(path)}: cannot be opened (${code})`, { cause });
    }
    throw cause;
  }
}

const quote = (path: string): string => JSON.stringify(path);
