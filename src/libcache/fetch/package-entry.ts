// Which file of a package begins the library, and whether it can stay as it is.
import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import * as z from 'zod';
import { LibraryError, messageOf, unavailable } from '../errors.js';
import { bundleError } from './bundle-error.js';
import { inspect, type Source } from './bundle.js';
import { resolveImport } from './esbuild.js';
import { cancelled } from './npm-errors.js';
import type { Probe } from './probe.js';

/** What of package.json says where to begin; whatever else it says there is not for us. */
const PackageJson = z.looseObject({
  main: z.string().optional().catch(undefined),
  browser: z.string().optional().catch(undefined),
  unpkg: z.string().optional().catch(undefined),
  jsdelivr: z.string().optional().catch(undefined),
});

/** A package that lies in `folder`/node_modules, as `import` would find it there. */
export interface PlacedPackage {
  id: string;
  name: string;
  folder: string;
  signal: AbortSignal;
}

export interface Entry {
  source: Source;
  probe: Probe;
}

/** The self-contained script that the package has for browsers, or its main file where that is one. */
export async function findScript(placed: PlacedPackage): Promise<Entry | undefined> {
  const place = placeOf(placed);
  const { unpkg, jsdelivr, browser, main } = await readPackageJson(placed);
  for (const path of new Set([unpkg, jsdelivr, browser, main ?? 'index.js'])) {
    const entry = path === undefined ? undefined : await findFile(place, path);
    if (entry === undefined || !/^\.c?js$/.test(extname(entry))) continue;
    const source = sourceOf(placed, entry);
    // A file that is broken is not the one; if the package needs it, bundling says what is wrong.
    const probe = await inspect(source, true).catch((error: unknown) => {
      if (placed.signal.aborted) throw error;
      return undefined;
    });
    const isAlone = probe?.format === 'cjs' && !probe.importsOthers;
    if (isAlone && !(await needsPage(entry))) return { source, probe };
  }
  return undefined;
}

/** It uses what only a page has, and never asks whether that is there. */
async function needsPage(path: string): Promise<boolean> {
  const text = await readFile(path, 'utf8');
  return /(?<![\w$.'"])window\s*[.[]/.test(text) && !/typeof\s*\(?window\b/.test(text);
}

/** The file that `import` means by the package's name, or by `wanted`, a path of the package. */
export async function findEntry(placed: PlacedPackage, wanted: string | undefined): Promise<Entry> {
  const entry =
    wanted === undefined ? await resolveIn(placed, placed.name) : await findWanted(placed, wanted);
  const source = sourceOf(placed, entry);
  return { source, probe: await inspect(source) };
}

async function findWanted(placed: PlacedPackage, wanted: string): Promise<string> {
  const path = wanted.replace(/^\.\//, '');
  if (path === '' || path.startsWith('/') || /[\\\0]/.test(path) || path.split('/').includes('..')) {
    const problem = 'expected a path inside of the package, such as "dist/index.js"';
    throw new LibraryError('VALIDATION_ERROR', `library "${placed.id}": entry "${wanted}": ${problem}`, {
      details: { issues: [{ path: 'entry', message: problem }] },
    });
  }
  // As importing it would, by "exports"; else the file of that name, whatever "exports" may hide.
  const imported = await resolveIn(placed, `${placed.name}/${path}`).catch((error: unknown) => {
    if (placed.signal.aborted) throw error;
    return undefined;
  });
  const entry = imported ?? (await findFile(placeOf(placed), path));
  if (entry !== undefined) return entry;
  const problem = 'the package has no such file';
  throw new LibraryError('VALIDATION_ERROR', `library "${placed.id}": entry "${wanted}": ${problem}`, {
    details: { issues: [{ path: 'entry', message: problem }] },
  });
}

async function resolveIn({ id, name, folder, signal }: PlacedPackage, specifier: string): Promise<string> {
  let path: string;
  try {
    path = await resolveImport(folder, specifier, signal);
  } catch (error) {
    if (signal.aborted) throw cancelled(id);
    throw bundleError(id, error);
  }
  if (path.startsWith(placeOf({ name, folder }) + sep)) return path;
  throw unavailable('bundle', `library "${id}": it has no file to begin with; name one with "entry"`);
}

/** The file at `path` of the package, also without its extension, or a folder's index; never outside of it. */
async function findFile(place: string, path: string): Promise<string | undefined> {
  for (const ending of ['', '.js', '.cjs', '.mjs', '.json', '/index.js']) {
    try {
      const file = await realpath(join(place, path + ending));
      if (file.startsWith(place + sep) && (await stat(file)).isFile()) return file;
    } catch {
      // Not this one.
    }
  }
  return undefined;
}

async function readPackageJson(placed: PlacedPackage): Promise<z.infer<typeof PackageJson>> {
  const text = await readFile(join(placeOf(placed), 'package.json'), 'utf8').catch(() => '{}');
  try {
    return PackageJson.parse(JSON.parse(text));
  } catch (error) {
    throw unavailable('bundle', `library "${placed.id}": its package.json: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const placeOf = ({ folder, name }: Pick<PlacedPackage, 'folder' | 'name'>): string =>
  join(folder, 'node_modules', name);

const sourceOf = ({ id, folder, signal }: PlacedPackage, entry: string): Source => ({
  id,
  folder,
  entry,
  signal,
  confined: true,
});
