// A function of the guest's `fs` on the host's side: its arguments are parsed before it acts.
import type { Stats } from 'node:fs';
import * as z from 'zod';
import type { HostValue } from '../../engine/module-host.js';
import { HostError, type HostAnswer } from '../host-module.js';
import { kindOf } from './trees.js';

export type Operation = (args: readonly HostValue[]) => HostAnswer;

export const path = z.string().max(4096);
export const mode = z.int().min(0).max(0o7777);
export const data = z.union([z.string(), z.instanceof(Uint8Array)]);
export const encoding = z.enum(['utf8', 'latin1', 'base64', 'base64url', 'hex', 'utf16le', 'ascii']);
export const flags = z.union([z.string(), z.int().min(0)]);
export const time = z.number();

export function operation<Args extends readonly unknown[]>(
  schemas: readonly [...{ [Index in keyof Args]: z.ZodType<Args[Index]> }],
  act: (...args: Args) => HostAnswer,
): Operation {
  const tuple = z.tuple(schemas as unknown as [z.ZodType, ...z.ZodType[]]);
  return (args) => {
    const parsed = tuple.safeParse(args);
    if (parsed.success) return act(...(parsed.data as unknown as Args));
    const [issue] = parsed.error.issues;
    const where = issue?.path.length ? `argument ${Number(issue.path[0]) + 1}: ` : '';
    throw new HostError('ERR_INVALID_ARG_TYPE', `${where}${issue?.message ?? 'not what was expected'}`);
  };
}

/** What the guest makes a `Stats` of. */
export function describe(stat: Stats): HostValue {
  const { dev, ino, mode: bits, nlink, uid, gid, rdev, size, blksize, blocks } = stat;
  const { atimeMs, mtimeMs, ctimeMs, birthtimeMs } = stat;
  const numbers = { dev, ino, mode: bits, nlink, uid, gid, rdev, size, blksize, blocks };
  return { ...numbers, atimeMs, mtimeMs, ctimeMs, birthtimeMs, kind: kindOf(stat) };
}
