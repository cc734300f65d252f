// The name of a file into what it is run as.
import { extname } from 'node:path';

export const isTypeScript = (path: string): boolean => /\.[mc]?ts$/.test(path);

/** Whether a file is an ES module: its ending says so, or for all but `.cjs` and `.cts` the template does. */
export function isModuleFile(path: string, esm: boolean): boolean {
  const ending = extname(path);
  if (ending === '.mjs' || ending === '.mts') return true;
  return esm && ending !== '.cjs' && ending !== '.cts';
}
