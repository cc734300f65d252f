// What a capability of kind `net` may say beside the origin.
import * as z from 'zod';

const mebibyte = 1024 * 1024;

export const Method = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
export type Method = z.infer<typeof Method>;

/** What `methods` is where it is not there: what only reads. */
export const usualMethods: readonly Method[] = ['GET', 'HEAD'];

export const NetConfig = z.strictObject({
  methods: z
    .array(Method)
    .min(1)
    .default([...usualMethods])
    .describe('what requests may be: by default only those that read'),
  timeoutMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(30_000)
    .describe('from the call of fetch to the last byte of the answer'),
  maxBytes: z
    .int()
    .min(1)
    .max(256 * mebibyte)
    .default(8 * mebibyte)
    .describe('bytes of a request’s body, and of an answer’s, also once it is decompressed'),
});
export type NetConfig = z.infer<typeof NetConfig>;
