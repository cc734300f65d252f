// One method of the wire, described once: validation, the client's types, the CLI, OpenRPC and the docs read this.
import * as z from 'zod';
import type { ErrorCode } from '../errors.js';

export interface MethodSpec<Params extends z.ZodType = z.ZodType, Result extends z.ZodType = z.ZodType> {
  summary: string;
  params: Params;
  result: Result;
  /** Names of the params that the CLI takes by position, in order. */
  positional?: readonly string[];
  /** Errors of its own, beside those that any call can meet. */
  errors?: readonly ErrorCode[];
  /** Whether calling it twice does what calling it once does: then a client may repeat it on a lost connection. */
  idempotent?: boolean;
}

export const method = <Params extends z.ZodType, Result extends z.ZodType>(
  spec: MethodSpec<Params, Result>,
): MethodSpec<Params, Result> => spec;

export const noParams = z.strictObject({});
export const nothing = z.strictObject({});

export const pageParams = {
  limit: z.int().min(1).max(500).optional().describe('at most so many items (default 50)'),
  cursor: z.string().max(256).optional().describe('`nextCursor` of the page before'),
};

export const page = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().optional() });
