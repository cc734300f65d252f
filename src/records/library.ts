// Libraries: third-party JavaScript in the cache, one file each, known by its integrity.
import * as z from 'zod';
import { Timestamp } from './ids.js';

/** `sha512-` and the base64 of the digest, as npm and browsers write it. */
export const Integrity = z
  .string()
  .regex(/^sha512-[A-Za-z0-9+/]{86}==$/, 'expected "sha512-" and 88 characters of base64');
export type Integrity = z.infer<typeof Integrity>;

/** `name@version`; the name may have a scope. */
export const LibraryId = z.string().min(3).max(256);
export type LibraryId = z.infer<typeof LibraryId>;

/** A library's exact content, as a template pins it and a session loads it. */
export const PinnedLibrary = z.strictObject({ id: LibraryId, integrity: Integrity });
export type PinnedLibrary = z.infer<typeof PinnedLibrary>;

export const LibraryDependency = z.strictObject({
  name: z.string(),
  version: z.string(),
  integrity: z.string().optional().describe('the registry’s, of the package as it was fetched'),
});
export type LibraryDependency = z.infer<typeof LibraryDependency>;

export const Library = z.strictObject({
  id: LibraryId,
  name: z.string().min(1).max(214).describe('what `import` and `require` call it'),
  version: z.string().min(1).max(128),
  source: z.string().describe('where it came from: `npm:name@version`, or `file:` and an absolute path'),
  file: z.string().describe('its one file, relative to the cache folder'),
  bytes: z.int().min(0),
  integrity: Integrity.describe('of that file; checked whenever it is read'),
  global: z.string().optional().describe('the variable that scripts find it under'),
  format: z
    .enum(['script', 'module'])
    .describe('`script`: a CommonJS or browser script; `module`: an ES module'),
  exports: z.array(z.string()).describe('the names that can be imported, beside `default`'),
  dependencies: z.array(LibraryDependency).optional().describe('the packages that were bundled into it'),
  addedAt: Timestamp,
});
export type Library = z.infer<typeof Library>;
