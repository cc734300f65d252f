// Runs one of the bundles beside this file from what V8 compiled of it when it was built, so that it is not parsed again
// at each start. Where nothing was compiled that fits, it is compiled as usual.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

// This file becomes CommonJS, as the bundles are: the loader of ES modules alone takes 12 ms.
const folder = __dirname;

/** A bundle is one expression: what `scripts/bundle.mjs` puts around it. */
type Bundle = (module: { exports: object }, require: NodeJS.Require, filename: string) => void;

export interface Compiled {
  script: Script;
  filename: string;
  /** SHA-256 of its text. */
  hash: Buffer;
}

/**
 * Where the build writes what V8 compiled of a bundle. V8 itself looks at its own version and the text's length only,
 * and what another release of Node compiled may crash the process.
 */
export const cachePath = (name: string): string =>
  join(folder, `${name}.${process.platform}-${process.arch}-${process.version}.cache`);

/** Compiles a bundle, or takes what was compiled of it. */
export function compile(name: string): Compiled {
  const filename = join(folder, `${name}.bundle.js`);
  const text = readFileSync(filename);
  const hash = createHash('sha256').update(text).digest();
  const cachedData = readCache(name, hash);
  // Outside of comments it is ASCII: esbuild escapes what is not.
  const script = new Script(text.toString('latin1'), {
    filename,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  return { script, filename, hash };
}

/** The content of a cache file: of which text it is, and what V8 has compiled by now. */
export const formatCache = ({ script, hash }: Compiled): Buffer =>
  Buffer.concat([hash, script.createCachedData()]);

function readCache(name: string, hash: Buffer): Buffer | undefined {
  let file: Buffer;
  try {
    file = readFileSync(cachePath(name));
  } catch {
    return undefined;
  }
  return file.subarray(0, hash.length).equals(hash) ? file.subarray(hash.length) : undefined;
}

/** Runs it; answers its exports. */
export function run({ script, filename }: Compiled): object {
  const module = { exports: {} };
  const bundle = script.runInThisContext() as Bundle; // what the build wrote
  bundle(module, createRequire(filename), filename);
  return module.exports;
}

export const load = (name: string): object => run(compile(name));
