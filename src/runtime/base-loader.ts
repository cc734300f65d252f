// The base of this engine and prelude: from the store if it has it, else from the file that the build made, else made
// now. It is not the same bytes when it is made again, so the one that a database's images differ from is in the
// database too.
import { readFileSync } from 'node:fs';
import { baseKey, type Base, type GuestSources } from './engine/base.js';
import { loadEngineBinary } from './engine/binary.js';
import { readGuestSources } from './engine/prelude-files.js';
import {
  formatBaseFile,
  packBase,
  parseBaseFile,
  unpackBase,
  type PackedBase,
} from './engine/packed-base.js';

/** What the loader needs of the store. */
export interface BaseShelf {
  find(key: string): PackedBase | undefined;
  save(base: PackedBase): void;
}

const builtBase = new URL('./engine/base.json', import.meta.url);

/**
 * Loads the base, and stores it where the store had none: before a session is made from it, for every image is a
 * difference from exactly these bytes. Takes some milliseconds, or about 100 where it has to be made.
 */
export async function loadBase(
  store: BaseShelf,
  file: URL = builtBase,
): Promise<{ base: Base; sources: GuestSources }> {
  const sources = readGuestSources();
  const { hash } = loadEngineBinary();
  const key = baseKey(hash, sources);
  const stored = store.find(key);
  if (stored !== undefined) return { base: unpackBase(stored), sources };
  const packed = readBaseFile(file, key) ?? (await makePackedBase(sources));
  store.save(packed);
  return { base: unpackBase(packed), sources };
}

/** The text of the base's file, for the build. */
export async function makeBaseFile(): Promise<string> {
  return formatBaseFile(await makePackedBase(readGuestSources()));
}

async function makePackedBase(sources: GuestSources): Promise<PackedBase> {
  // What it takes is loaded where it has to be made only.
  const { makeBase } = await import('./engine/make-base.js');
  const { module, hash } = loadEngineBinary();
  return packBase(await makeBase(module, hash, sources));
}

/** The base in this file; `undefined` where there is no file, or it is another engine's or prelude's. */
function readBaseFile(file: URL, key: string): PackedBase | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    const base = parseBaseFile(text);
    return base.key === key ? base : undefined;
  } catch (error) {
    const message = `the engine's first memory: ${file.pathname} is damaged; install or build vmsysd again`;
    throw new Error(message, { cause: error });
  }
}
