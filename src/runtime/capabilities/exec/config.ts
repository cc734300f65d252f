// What a capability `module exec` may say beside the name.
import * as z from 'zod';

const mebibyte = 1024 * 1024;

export const ExecConfig = z.strictObject({
  allow: z
    .array(
      z
        .string()
        .regex(
          /^[^\s\0]+( [^\s\0]+)*$/,
          'expected a program, or a program and its first arguments, with single spaces',
        ),
    )
    .min(1)
    .max(256)
    .describe('programs by name or absolute path; further words must be the first arguments: "git log"'),
  timeoutMs: z.int().min(1).max(86_400_000).default(30_000).describe('one program runs no longer'),
  maxBytes: z
    .int()
    .min(1)
    .max(256 * mebibyte)
    .default(8 * mebibyte)
    .describe('bytes that one program may print'),
});
export type ExecConfig = z.infer<typeof ExecConfig>;
