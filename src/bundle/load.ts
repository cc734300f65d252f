// Runs one of the bundles beside this file from what V8 compiled of it when it was built: a program starts in half the
// time. Another release of Node compiles it anew, as if nothing had been compiled.
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
}

/** Where the build writes what V8 compiled of a bundle. */
export const cachePath = (name: string): string => join(folder, `${name}.bundle.cache`);

/** Compiles a bundle, or takes what was compiled of it. */
export function compile(name: string): Compiled {
  const filename = join(folder, `${name}.bundle.js`);
  const cachedData = readIfThere(cachePath(name));
  const source = readFileSync(filename, 'utf8');
  return {
    script: new Script(source, { filename, ...(cachedData === undefined ? {} : { cachedData }) }),
    filename,
  };
}

/** Runs it; answers its exports. */
export function run({ script, filename }: Compiled): object {
  const module = { exports: {} };
  const bundle = script.runInThisContext() as Bundle; // what the build wrote
  bundle(module, createRequire(filename), filename);
  return module.exports;
}

export const load = (name: string): object => run(compile(name));

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
