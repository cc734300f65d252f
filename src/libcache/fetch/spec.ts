// What a spec asks for: a package of the registry, with a version, range or tag, or a file on disk.
import { isAbsolute, resolve } from 'node:path';
import npa from 'npm-package-arg';
import { LibraryError, messageOf } from '../errors.js';
import type { AddRequest } from '../types.js';
import { findInCatalog } from './catalog.js';
import { isLibraryName } from './names.js';

export type Wanted =
  /** `selector` is a version, a range or a tag. */
  { kind: 'npm'; name: string; selector: string; entry: string | undefined } | { kind: 'file'; path: string };

/** Throws VALIDATION_ERROR for a spec that is neither, and says what would be one. */
export function parseSpec({ spec, entry, from }: AddRequest): Wanted {
  if (/^(\.{0,2}\/|\.{1,2}$)/.test(spec)) {
    return { kind: 'file', path: resolvePath(spec, entry, from) };
  }
  let parsed: ReturnType<typeof npa>;
  try {
    parsed = npa(spec);
  } catch (error) {
    throw invalid(spec, `${messageOf(error)}; ${expected}`, error);
  }
  const { type, name, rawSpec } = parsed;
  if (type !== 'version' && type !== 'range' && type !== 'tag') throw invalid(spec, refusals[type]);
  if (name === null || name === undefined || !isLibraryName(name))
    throw invalid(spec, `there is no package in it; ${expected}`);
  const known = findInCatalog(name);
  const isBare = rawSpec === '*' && spec === name;
  const selector = isBare ? (known?.version ?? 'latest') : rawSpec;
  return {
    kind: 'npm',
    name,
    selector,
    entry: entry ?? (selector === known?.version ? known.entry : undefined),
  };
}

function resolvePath(spec: string, entry: string | undefined, from: string | undefined): string {
  if (entry !== undefined) {
    throw invalid(spec, 'a local file has no "entry": name the file to begin with in "spec"');
  }
  if (isAbsolute(spec)) return resolve(spec);
  if (from === undefined || !isAbsolute(from)) {
    throw invalid(spec, 'a relative path means nothing here; give an absolute one');
  }
  return resolve(from, spec);
}

const expected =
  'expected NAME, NAME@VERSION, NAME@RANGE, NAME@TAG, or a path beginning with "./", "../" or "/"';

const refusals = {
  alias: `another package's name cannot be given to one; ${expected}`,
  git: `packages are not fetched from git: nothing would vouch for what comes; ${expected}`,
  remote: `packages are not fetched from addresses: nothing would vouch for what comes; ${expected}`,
  file: `an archive or file URL is not read; unpack it and give the path of its .js file; ${expected}`,
  directory: `a folder is not read; give the path of its .js or .ts file; ${expected}`,
} as const;

const invalid = (spec: string, problem: string, cause?: unknown): LibraryError =>
  new LibraryError('VALIDATION_ERROR', `library "${spec}": ${problem}`, {
    details: { issues: [{ path: 'spec', message: problem }] },
    cause,
  });
