// A path that a script wrote into an anchor: a descriptor of what is really there, checked against the reach, links
// resolved. What is done afterwards is done through the descriptor, so what was checked is what is used: a link that
// is swapped in between leads nowhere.
import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { constants as system } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Capability } from '../../../records/index.js';
import { HostError } from '../host-module.js';
import { denied, systemError } from './errors.js';
import type { Reach } from './reach.js';

/** Linux: a descriptor that only names what is there. Opening it so has no effect on FIFOs and devices. */
const O_PATH = 0o10_000_000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;

export type Access = 'read' | 'write';

export interface Place {
  reach: Reach;
  /** What relative paths are relative to. */
  base: string;
  template: string;
  worktree: string | undefined;
  /** The module that asks: its configuration says whether the worktree may be written to. */
  module: 'fs' | 'database' | 'exec';
  capabilities: readonly Capability[];
}

/** What is there: `path` reaches it through its descriptor, whatever its name leads to meanwhile. */
export interface Anchor {
  /** `/proc/self/fd/N`. */
  path: string;
  /** Where it really is. */
  real: string;
  stat: Stats;
  /** As the script wrote it, absolute. */
  written: string;
}

/** A name in a folder, where something is or is to be; the last part of its path is not followed. */
export interface Spot {
  /** `/proc/self/fd/N/name`. */
  path: string;
  real: string;
  written: string;
}

interface Existing {
  access: Access;
  /** What the script is after, where that is more than what is checked here. */
  wanted?: Access;
  syscall: string;
  follow?: boolean;
}

/** Has what `path` leads to while `use` runs. Throws HostError as Node's functions do. */
export function withExisting<T>(
  place: Place,
  path: string,
  { access, wanted = access, syscall, follow = true }: Existing,
  use: (anchor: Anchor) => T,
): T {
  const written = absolute(place, path);
  const descriptor = openAnchor(place, written, {
    access: wanted,
    syscall,
    flags: follow ? 0 : O_NOFOLLOW,
  });
  try {
    const real = realOf(descriptor);
    const stat = fstatSync(descriptor);
    if (!place.reach.allows(real, access)) throw outside(place, { written, real, access: wanted, syscall });
    // Its last name was taken away: its path now says so, and may no longer be compared.
    if (stat.nlink === 0) throw systemError('ENOENT', syscall, written);
    return use({ path: `/proc/self/fd/${descriptor}`, real, stat, written });
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Has the folder that `path` is in, and its last name there, while `use` runs. For writing, throws EBUSY for a name by
 * which a grant is held, or one around it: put to another use, it would make the grant mean something else. Not where
 * `use` only makes what is not there: a grant may be of what a script is yet to make.
 */
export function withSpot<T>(
  place: Place,
  path: string,
  { access = 'write', syscall, makes = false }: { access?: Access; syscall: string; makes?: boolean },
  use: (spot: Spot) => T,
): T {
  const written = absolute(place, path);
  const name = basename(written);
  // Of the root, or of a path that ends in "..": `resolve` leaves none but the root.
  if (name === '') throw systemError('EBUSY', syscall, written);
  const parent = dirname(written);
  const descriptor = openAnchor(place, parent, { access, syscall, flags: O_DIRECTORY, written });
  try {
    const folder = realOf(descriptor);
    const real = folder === '/' ? `/${name}` : `${folder}/${name}`;
    if (!place.reach.allows(real, access)) throw outside(place, { written, real, access, syscall });
    if (access === 'write' && !makes && place.reach.holds(real)) throw held(written, syscall);
    return use({ path: `/proc/self/fd/${descriptor}/${name}`, real, written });
  } finally {
    closeSync(descriptor);
  }
}

function held(written: string, syscall: string): HostError {
  const why = 'a grant holds this name, or one in it, which can be neither moved, removed nor replaced';
  return new HostError('EBUSY', `EBUSY: resource busy or locked: ${why}, ${syscall} '${written}'`, {
    fields: { syscall, path: written, errno: -system.errno.EBUSY },
    target: written,
  });
}

/**
 * The script is told of the path that it wrote, whatever is there; the ledger, where a link inside leads out, of where
 * that really is. Of a path that is itself outside, not even the ledger says what is there.
 */
function outside(
  place: Place,
  { written, real, ...use }: { written: string; real: string; access: Access; syscall: string },
): HostError {
  return denied(place, { ...use, written, target: place.reach.allows(written, 'read') ? real : written });
}

/**
 * The path, absolute. `..` is taken away by its text, before links are followed: it means the same as in a script
 * that joins paths.
 */
export function absolute(place: Place, path: string): string {
  if (path === '') throw systemError('ENOENT', 'open', path);
  if (path.includes('\0')) {
    throw new HostError('ERR_INVALID_ARG_VALUE', `path ${JSON.stringify(path)}: holds a null byte`);
  }
  return resolve(place.base, path);
}

interface Opening {
  access: Access;
  syscall: string;
  flags: number;
  /** The path to name in errors, where it is not the one opened. */
  written?: string;
}

function openAnchor(place: Place, path: string, { access, syscall, flags, written = path }: Opening): number {
  try {
    return openSync(path, O_PATH | flags);
  } catch (error) {
    // Whether there is something outside of the reach is nobody's business. A name may be granted where its folder is not.
    const folder = wouldBe(path);
    const real = written === path ? folder : join(folder, basename(written));
    if (!place.reach.allows(real, 'read')) throw outside(place, { written, real, access, syscall });
    throw systemError(error, syscall, written);
  }
}

/** Where the path leads, or would. Throws HostError where that is not granted; `access` is what it is wanted for. */
export function whereItIs(place: Place, path: string, use: { access: Access; syscall: string }): string {
  const written = absolute(place, path);
  const real = wouldBe(written);
  if (!place.reach.allows(real, 'read')) throw outside(place, { ...use, written, real });
  return real;
}

/** Links of links that are followed, as the system does. */
const greatestLinks = 40;

/** Where the path would be: what of it is there, links followed, and the rest as written. */
function wouldBe(path: string, links = 0): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    let real: string;
    try {
      const descriptor = openSync(folder, O_PATH);
      try {
        real = realOf(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch {
      if (folder === '/') return path;
      continue;
    }
    const [next = '', ...rest] = relative(folder, path).split('/');
    const target = linkAt(join(real, next));
    // A link to nothing: what it names may be outside.
    if (target === undefined || links === greatestLinks) return join(real, next, ...rest);
    return wouldBe(join(resolve(real, target), ...rest), links + 1);
  }
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

export const realOf = (descriptor: number): string => readlinkSync(`/proc/self/fd/${descriptor}`);
