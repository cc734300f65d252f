// Content to its integrity, and an integrity to the name of the one file in the cache that may have it.
import { createHash } from 'node:crypto';
import type { Integrity } from '../records/index.js';

/** The folder of the contents, in the cache folder. */
export const contentFolder = 'files';

const shape = /^sha512-[0-9a-f]{128}\.js$/;

export const integrityOf = (content: Uint8Array): Integrity =>
  `sha512-${createHash('sha512').update(content).digest('base64')}`;

/** Relative to the cache folder. Hexadecimal, since base64 has slashes: no integrity can name a path elsewhere. */
export const contentName = (integrity: Integrity): string =>
  `${contentFolder}/sha512-${Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex')}.js`;

/** Whether a name in the content folder is one that {@link contentName} gives. */
export const isContentName = (name: string): boolean => shape.test(name);

/** All names that {@link contentName} may have given, wherever they are in a text. */
export const contentNamesIn = (text: string): string[] =>
  text.match(new RegExp(`${contentFolder}/sha512-[0-9a-f]{128}\\.js`, 'g')) ?? [];
