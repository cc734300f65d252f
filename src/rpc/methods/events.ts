import * as z from 'zod';
import {
  Event,
  ExecutionId,
  Library,
  Reference,
  Session,
  SessionId,
  SubscriptionId,
} from '../../records/index.js';
import { LibraryProgress, ProgressToken } from './lib.js';
import { method, nothing } from './method.js';

export const Topic = z.enum(['execution', 'session', 'library']);
export type Topic = z.infer<typeof Topic>;

export const eventsMethods = {
  'events.subscribe': method({
    summary: 'Be told of what happens, as notifications on this connection.',
    params: z.strictObject({
      topics: z.array(Topic).min(1).max(3),
      session: Reference.optional().describe(
        'only of this session; libraries belong to none, and are told even so',
      ),
    }),
    result: z.strictObject({ subscription: SubscriptionId }),
    errors: ['SESSION_NOT_FOUND', 'OVERLOADED'],
  }),
  'events.unsubscribe': method({
    summary: 'No longer be told.',
    params: z.strictObject({ subscription: z.string() }),
    result: nothing,
    positional: ['subscription'],
    idempotent: true,
  }),
};

/** What the daemon says unasked: the name of each notification and its params. */
export const notifications = {
  'exec.event': z.strictObject({ executionId: ExecutionId, sessionId: SessionId, event: Event }),
  'exec.missed': z.strictObject({
    executionId: ExecutionId,
    sessionId: SessionId,
    firstSeq: z.int().min(1).describe('the first event that was not sent: read on with `exec.events`'),
  }),
  'session.changed': z.strictObject({ session: Session }),
  'lib.changed': z.strictObject({
    change: z.enum(['added', 'changed', 'removed', 'damaged', 'repaired']),
    library: Library.describe('as it is now; of `removed` and `damaged`, as it was'),
    problem: z.string().optional().describe('of `damaged`: what is wrong'),
  }),
  '$/progress': z.strictObject({
    token: ProgressToken.describe(
      'the `progressToken` of the request; its reply comes after the last of these',
    ),
    value: LibraryProgress,
  }),
} satisfies Record<string, z.ZodType>;

export type NotificationName = keyof typeof notifications;
export type NotificationParams<Name extends NotificationName> = z.infer<(typeof notifications)[Name]>;
