// What a worker asks of the requests that the main thread makes for its session, and what it hears of them.
import * as z from 'zod';
import type { HostCall } from '../../../records/index.js';
import { Method } from './config.js';
import { Grant } from './grants.js';

/** A redirect is followed so often. */
export const mostRedirects = 10;
/** Requests of one session that are under way together; its `fetch` lets the others wait. */
export const mostAtOnce = 8;
/** Pairs of name and value. */
const HeaderList = z.array(z.tuple([z.string().max(256), z.string().max(16 * 1024)])).max(128);

export const FetchRequest = z.strictObject({
  url: z.string().max(16 * 1024),
  method: Method,
  headers: HeaderList,
  body: z.union([z.instanceof(Uint8Array), z.undefined()]),
  redirect: z.enum(['follow', 'manual', 'error']),
});
export type FetchRequest = z.infer<typeof FetchRequest>;

export const NetRequest = z.discriminatedUnion('type', [
  /** Begins it, and answers its ticket at once. */
  z.strictObject({
    type: z.literal('fetch'),
    request: FetchRequest,
    grants: z.array(Grant),
    /** The template's name, for messages. */
    template: z.string(),
    /** Tickets that the session still asks about: what it does not know any more is dropped. */
    known: z.array(z.int()),
  }),
  /** Answers those that are done, as soon as there is one, after `ms` at the latest. */
  z.strictObject({ type: z.literal('wait'), known: z.array(z.int()), ms: z.number().min(0) }),
  z.strictObject({ type: z.literal('cancel'), ticket: z.int() }),
]);
export type NetRequest = z.infer<typeof NetRequest>;

/** A step on the way to an answer, for the ledger. */
export type Step = Omit<HostCall, 'module'>;

export interface Answer {
  /** Of the last step. */
  url: string;
  redirected: boolean;
  status: number;
  statusText: string;
  headers: [name: string, value: string][];
  body: Uint8Array;
}

/** How a request ended. */
export interface Done {
  ticket: number;
  steps: Step[];
  outcome: { answer: Answer } | { error: { code: string; message: string; denied: boolean } };
}

/** What waiting answers; `gone` are tickets of which nothing is known any more. */
export interface Waited {
  done: Done[];
  gone: number[];
}
