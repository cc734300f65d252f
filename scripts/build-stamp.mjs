// Tells whether dist/ was built from what is there now: a hash of all that goes into it, written when a build is done.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const inputs = ['src', 'scripts', 'package.json', 'package-lock.json', 'tsconfig.json'];
const stamp = 'dist/.built-from';

/** @returns {string} of the inputs as they are now */
export function hashInputs() {
  const hash = createHash('sha256').update(process.version);
  for (const input of inputs) {
    const isFolder = statSync(input).isDirectory();
    const files = isFolder ? readdirSync(input, { recursive: true, encoding: 'utf8' }).sort() : [''];
    for (const path of files.map((file) => join(input, file))) {
      if (statSync(path).isFile()) hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
    }
  }
  return hash.digest('hex');
}

/** @param {string} hash */
export function isBuiltFrom(hash) {
  try {
    return readFileSync(stamp, 'utf8') === hash;
  } catch {
    return false;
  }
}

/** @param {string} hash */
export const noteBuilt = (hash) => writeFileSync(stamp, hash);
