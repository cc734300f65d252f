// What a capability `module fs` may say beside the name.
import * as z from 'zod';

const mebibyte = 1024 * 1024;

export const FsConfig = z.strictObject({
  write: z.boolean().default(false).describe('whether files of the worktree may be written'),
  maxBytes: z
    .int()
    .min(1)
    .max(256 * mebibyte)
    .default(16 * mebibyte)
    .describe('bytes that one call may read or write'),
  maxWrittenBytes: z
    .int()
    .min(1)
    .default(256 * mebibyte)
    .describe('bytes that one execution may write'),
});
export type FsConfig = z.infer<typeof FsConfig>;
