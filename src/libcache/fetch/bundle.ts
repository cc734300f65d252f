// One file that begins a library, as the one file that a session evaluates: kept as it is, or bundled with the rest.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LibraryError, unavailable } from '../errors.js';
import { maxLibraryBytes } from '../files.js';
import { bundleError } from './bundle-error.js';
import { build, type BuildRequest } from './esbuild.js';
import { cancelled } from './npm-errors.js';
import { probe, type Probe } from './probe.js';

export interface OneFile {
  format: 'script' | 'module';
  code: string;
  /** The absolute paths of the files it is made of. */
  inputs: string[];
  /** Of a bundle. */
  sourceMap?: string | undefined;
}

/** The folder and the file to begin with; `id` is what errors call the library. */
export type Source = Pick<BuildRequest, 'folder' | 'confined' | 'signal'> & { id: string; entry: string };

/** Bundles CommonJS to a script whose `module.exports` is the library, ES modules to one with the entry's exports. */
export async function bundle(source: Source, found: Probe): Promise<OneFile> {
  const format = found.format ?? 'cjs';
  try {
    const { code, metafile, sourceMap } = await build({ ...source, format, mapped: true });
    return {
      format: format === 'esm' ? 'module' : 'script',
      code: checkSize(source.id, withoutHashbang(code)),
      inputs: Object.keys(metafile.inputs)
        // A file that package.json says is not there in a browser.
        .filter((path) => !path.startsWith('(disabled):'))
        .map((path) => resolve(source.folder, path)),
      sourceMap,
    };
  } catch (error) {
    throw asError(source, error);
  }
}

/** The file as it is: it needs no other. */
export async function keep({ entry, id }: Source, found: Probe): Promise<OneFile> {
  const bytes = await readFile(entry);
  let code: string;
  try {
    code = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw unavailable('bundle', `library "${id}": ${entry} is not UTF-8`, { cause: error });
  }
  return {
    format: found.format === 'esm' ? 'module' : 'script',
    code: checkSize(id, withoutHashbang(code)),
    inputs: [entry],
  };
}

/**
 * What the file is; rejects with a LibraryError where it cannot be parsed. `alone`: judged by its text only, as the
 * scripts for browsers that packages of ES modules have are none, though package.json says so.
 */
export async function inspect(source: Source, alone = false): Promise<Probe> {
  try {
    if (!alone) return await probe(source);
    const contents = await readFile(source.entry, 'utf8');
    return await probe({ ...source, entry: { contents, sourcefile: 'library.cjs' } });
  } catch (error) {
    throw asError(source, error);
  }
}

function asError({ id, signal }: Source, error: unknown): LibraryError {
  if (signal.aborted) return cancelled(id);
  return error instanceof LibraryError ? error : bundleError(id, error);
}

/** A line for a shell, which is an error anywhere but at the very beginning. */
const withoutHashbang = (code: string): string => code.replace(/^#!/, '//');

function checkSize(id: string, code: string): string {
  const bytes = Buffer.byteLength(code);
  if (bytes <= maxLibraryBytes) return code;
  const mebibytes = (count: number) => (count / 1024 / 1024).toFixed(1);
  throw unavailable(
    'too-large',
    `library "${id}": it has ${mebibytes(bytes)} MiB of code; a library may have ${mebibytes(maxLibraryBytes)}; add a part of it (--entry)`,
  );
}
