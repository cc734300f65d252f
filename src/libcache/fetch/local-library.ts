// A file on disk as a library: kept as it is where it needs no other, else bundled with all that it imports.
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import * as z from 'zod';
import type { LibraryDependency } from '../../records/index.js';
import { LibraryError, messageOf, systemCode, unavailable } from '../errors.js';
import type { PreparedLibrary, PrepareHooks } from '../fetcher.js';
import { localVersion } from '../manifest.js';
import { bundle, inspect, keep } from './bundle.js';
import { chooseGlobal, isLibraryName } from './names.js';

const extensions = ['.js', '.mjs', '.cjs', '.ts'];

/** `path` is absolute; it may be a link, which is then followed as well. */
export async function prepareFromFile(
  path: string,
  given: string | undefined,
  hooks: PrepareHooks,
): Promise<PreparedLibrary> {
  hooks.onProgress({ library: path, step: 'resolve' });
  const entry = await requireFile(path);
  const { name, version } = await nameOf(path, entry);
  const global = chooseGlobal(name, given);
  hooks.onProgress({ library: path, step: 'bundle' });
  const source = { id: path, folder: dirname(entry), entry, confined: false, signal: hooks.signal };
  const probe = await inspect(source);
  const stays = !probe.importsOthers && extname(entry) !== '.ts';
  const file = stays ? await keep(source, probe) : await bundle(source, probe);
  const isForeign = (input: string) => input.split(sep).includes('node_modules');
  const dependencies = await packagesOf(file.inputs.filter(isForeign));
  return {
    name,
    version,
    source: `file:${path}`,
    global,
    format: file.format,
    code: file.code,
    sourceMap: file.sourceMap,
    ...(dependencies.length > 0 ? { dependencies } : {}),
    inputs: [...new Set([path, ...file.inputs.filter((input) => !isForeign(input))])],
  };
}

async function requireFile(path: string): Promise<string> {
  if (!extensions.includes(extname(path))) {
    const problem = `a local library is a ${extensions.join(', ')} file`;
    throw new LibraryError('VALIDATION_ERROR', `library "${path}": ${problem}`, {
      details: { issues: [{ path: 'spec', message: problem }] },
    });
  }
  try {
    const real = await realpath(path);
    if ((await stat(real)).isFile()) return real;
  } catch (error) {
    const missing = ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
    throw missing
      ? new LibraryError('FILE_NOT_FOUND', `library "${path}": there is no such file`, { cause: error })
      : new LibraryError('INVALID_PATH', `library "${path}": ${messageOf(error)}`, { cause: error });
  }
  throw new LibraryError('FILE_NOT_FOUND', `library "${path}": it is no regular file`);
}

const PackageJson = z.looseObject({
  name: z.string().optional().catch(undefined),
  version: z.string().optional().catch(undefined),
  main: z.string().optional().catch(undefined),
  module: z.string().optional().catch(undefined),
});
type PackageJson = z.infer<typeof PackageJson>;

/** The nearest package's name, where the file is where that package begins, else the file's; and that package's version. */
async function nameOf(path: string, entry: string): Promise<{ name: string; version: string }> {
  const nearest = await nearestPackage(dirname(entry));
  const version = nearest?.json.version;
  const isMain =
    nearest !== undefined && beginningsOf(nearest.json).includes(relative(nearest.folder, entry));
  const candidates = [isMain ? nearest?.json.name : undefined, basename(path, extname(path))];
  const name = candidates.find((candidate) => candidate !== undefined && isLibraryName(candidate));
  if (name === undefined) {
    const problem = `"${basename(path)}" is no name for a library; rename the file: letters, digits, ".", "_" and "-"`;
    throw new LibraryError('VALIDATION_ERROR', `library "${path}": ${problem}`, {
      details: { issues: [{ path: 'spec', message: problem }] },
    });
  }
  return { name, version: version !== undefined && isVersion(version) ? version : localVersion };
}

const isVersion = (text: string): boolean => /^[\w.+-]{1,128}$/.test(text);

const beginningsOf = ({ main, module }: PackageJson): string[] =>
  [main ?? 'index.js', module].filter((path) => path !== undefined).map((path) => join(path));

async function nearestPackage(folder: string): Promise<{ folder: string; json: PackageJson } | undefined> {
  for (let here = folder; ; here = dirname(here)) {
    const text = await readFile(join(here, 'package.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) return { folder: here, json: parseJson(join(here, 'package.json'), text) };
    if (here === dirname(here)) return undefined;
  }
}

function parseJson(path: string, text: string): PackageJson {
  try {
    return PackageJson.parse(JSON.parse(text));
  } catch (error) {
    throw unavailable('bundle', `reading ${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function packagesOf(files: readonly string[]): Promise<LibraryDependency[]> {
  const found = new Map<string, LibraryDependency>();
  for (const folder of new Set(files.map((file) => dirname(file)))) {
    const nearest = await nearestPackage(folder);
    const { name, version } = nearest?.json ?? {};
    if (name !== undefined && version !== undefined) found.set(`${name}@${version}`, { name, version });
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}
