// What a capability `module database` may say beside the name.
import * as z from 'zod';

const mebibyte = 1024 * 1024;
export const pageBytes = 4096;

export const DatabaseConfig = z.strictObject({
  write: z.boolean().default(false).describe('whether databases in the worktree may be changed or made'),
  maxRows: z.int().min(1).max(1_000_000).default(100_000).describe('rows that one query may give'),
  maxBytes: z
    .int()
    .min(1)
    .max(256 * mebibyte)
    .default(16 * mebibyte)
    .describe('bytes that one query may give'),
  maxFileBytes: z
    .int()
    .min(pageBytes)
    .default(1024 * mebibyte)
    .describe('bytes that a database may grow to'),
});
export type DatabaseConfig = z.infer<typeof DatabaseConfig>;
