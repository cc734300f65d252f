import * as z from 'zod';
import { Integrity, Library, LibraryId, Name } from '../../records/index.js';
import { method, noParams, nothing, page, pageParams } from './method.js';

const library = z.string().min(1).max(256).describe('id or name of a library; by name: the one added last');
const usedBy = z.array(Name).describe('names of the templates that load it in new sessions');

/** A library and who uses it: what lists show. */
export const LibraryItem = Library.extend({ usedBy });
export type LibraryItem = z.infer<typeof LibraryItem>;

/** What a client writes to hear how far a long call has got. */
export const ProgressToken = z.union([z.string().max(128), z.number()]);
export type ProgressToken = z.infer<typeof ProgressToken>;

const progressToken = ProgressToken.optional().describe(
  'asks for `$/progress` notifications with this token',
);

/** Where a call that adds libraries has got to. */
export const LibraryProgress = z.strictObject({
  library: z.string().describe('the library or spec that it is about'),
  step: z.enum(['resolve', 'fetch', 'bundle', 'check', 'store']),
  done: z.number().optional().describe('of this step: bytes of a download, else things'),
  total: z.number().optional().describe('where it is known'),
});
export type LibraryProgress = z.infer<typeof LibraryProgress>;

const addErrors = ['LIBRARY_NOT_FOUND', 'LIBRARY_UNAVAILABLE', 'INTEGRITY_MISMATCH'] as const;

export const libMethods = {
  'lib.catalog': method({
    summary: 'Libraries that are known to work, with the variable that each is found under.',
    params: noParams,
    result: z.strictObject({
      items: z.array(
        z.strictObject({
          id: LibraryId,
          name: z.string(),
          version: z.string(),
          global: z.string(),
          description: z.string(),
          added: z.boolean().describe('whether it is in the cache'),
        }),
      ),
    }),
    errors: ['LIBRARY_UNAVAILABLE'],
    idempotent: true,
  }),
  'lib.add': method({
    summary: 'Put a package of npm, or a local file, into the cache.',
    params: z.strictObject({
      spec: z
        .string()
        .min(1)
        .max(4096)
        .describe('`lodash`, `lodash@4.17.21`, `lodash@^4`, or the absolute path of a file'),
      global: z
        .string()
        .min(1)
        .max(128)
        .optional()
        .describe('the variable that scripts find it under (default: made from its name)'),
      entry: z
        .string()
        .min(1)
        .max(1024)
        .optional()
        .describe('the file of the package to begin with (default: as its package.json says)'),
      integrity: Integrity.optional().describe(
        'of what another process put into the cache under the id in `spec`: nothing is fetched, it is only tried',
      ),
      progressToken,
    }),
    result: Library,
    positional: ['spec'],
    errors: [...addErrors, 'FILE_NOT_FOUND', 'INVALID_PATH', 'NAME_TAKEN'],
    idempotent: true,
  }),
  'lib.sync': method({
    summary: 'Add every library of the catalogue, and fetch again what is damaged or missing.',
    params: z.strictObject({ progressToken }),
    result: z.strictObject({ items: z.array(Library) }),
    errors: [...addErrors],
    idempotent: true,
  }),
  'lib.list': method({
    summary: 'Libraries of the cache, by name.',
    params: z.strictObject({ ...pageParams }),
    result: page(LibraryItem),
    errors: ['LIBRARY_UNAVAILABLE'],
    idempotent: true,
  }),
  'lib.get': method({
    summary: 'One library.',
    params: z.strictObject({ library }),
    result: LibraryItem,
    positional: ['library'],
    errors: ['LIBRARY_NOT_FOUND', 'LIBRARY_UNAVAILABLE'],
    idempotent: true,
  }),
  'lib.remove': method({
    summary: 'Take a library out of the cache; refused while a template uses it.',
    params: z.strictObject({
      library,
      force: z
        .boolean()
        .optional()
        .describe('remove it even so: these templates start no sessions but copies of a start that is kept'),
    }),
    result: nothing,
    positional: ['library'],
    errors: ['LIBRARY_NOT_FOUND', 'LIBRARY_IN_USE', 'LIBRARY_UNAVAILABLE'],
  }),
  'lib.verify': method({
    summary: 'Compare files of the cache with their integrity.',
    params: z.strictObject({ library: library.optional() }),
    result: z.strictObject({
      items: z.array(
        z.strictObject({
          id: LibraryId,
          ok: z.boolean(),
          problem: z.string().optional(),
        }),
      ),
    }),
    positional: ['library'],
    errors: ['LIBRARY_NOT_FOUND', 'LIBRARY_UNAVAILABLE'],
    idempotent: true,
  }),
};
