// What the main thread and a session's database process say to each other.
import * as z from 'zod';

export const Scalar = z.union([
  z.null(),
  z.number(),
  z.string(),
  z.instanceof(Uint8Array),
  /** An integer beyond what a number can say, in decimal. */
  z.strictObject({ bigint: z.string().regex(/^-?\d{1,19}$/) }),
]);
export type Scalar = z.infer<typeof Scalar>;

export const Params = z.union([z.array(Scalar).max(32_766), z.record(z.string(), Scalar)]);

const Statement = {
  database: z.int(),
  sql: z.string(),
  params: Params,
  /** Whether the script believes itself in a transaction. */
  inTransaction: z.boolean(),
};

export const DatabaseRequest = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('open'),
    /** `:memory:`, or the real path that was checked. */
    path: z.string(),
    readonly: z.boolean(),
    create: z.boolean(),
    maxPages: z.int(),
  }),
  z.strictObject({
    type: z.literal('query'),
    ...Statement,
    maxRows: z.int(),
    maxBytes: z.int(),
  }),
  z.strictObject({ type: z.literal('exec'), ...Statement }),
  z.strictObject({ type: z.literal('close'), database: z.int() }),
]);
export type DatabaseRequest = z.infer<typeof DatabaseRequest>;

/** Not answered: a run ended, and what it did to the session was kept, or not. */
export interface RunEnded {
  type: 'runEnded';
  isKept: boolean;
}

/** By column; columns of one name appear once. */
export type Row = Record<string, Scalar>;

export type DatabaseAnswer =
  | { type: 'opened'; database: number }
  /** `rows`: those {@link Row}s as `v8.serialize` has them. The main thread only passes them on. */
  | { type: 'rows'; rows: Uint8Array; inTransaction: boolean }
  | { type: 'done'; changes: number; lastInsertRowid: Scalar; inTransaction: boolean }
  | { type: 'closed' }
  | { type: 'refused'; code: string; message: string };
