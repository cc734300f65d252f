import * as z from 'zod';
import { Reference, Session, SessionInput, SessionStatus } from '../../records/index.js';
import { method, nothing, page, pageParams } from './method.js';

const session = Reference.describe('id or name of a session');

export const sessionMethods = {
  'session.create': method({
    summary: 'Make a session from a template and run its startup files.',
    params: z.strictObject({
      template: Reference.optional().describe('id or name of a template (default: default)'),
      ...SessionInput.shape,
    }),
    result: Session,
    errors: [
      'TEMPLATE_NOT_FOUND',
      'NAME_TAKEN',
      'OVERLOADED',
      'STARTUP_FAILED',
      'INVALID_PATH',
      'FILE_NOT_FOUND',
      'LIBRARY_UNAVAILABLE',
    ],
  }),
  'session.list': method({
    summary: 'Sessions, newest first.',
    params: z.strictObject({
      status: SessionStatus.optional(),
      template: Reference.optional().describe('id or name of a template'),
      ...pageParams,
    }),
    result: page(Session),
    errors: ['TEMPLATE_NOT_FOUND'],
    idempotent: true,
  }),
  'session.get': method({
    summary: 'One session.',
    params: z.strictObject({ session }),
    result: Session,
    positional: ['session'],
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
  }),
  'session.close': method({
    summary: 'End a session; its record and executions stay.',
    params: z.strictObject({ session }),
    result: Session,
    positional: ['session'],
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
  }),
  'session.delete': method({
    summary: 'End a session and delete it with its executions.',
    params: z.strictObject({ session }),
    result: nothing,
    positional: ['session'],
    errors: ['SESSION_NOT_FOUND'],
  }),
  'session.interrupt': method({
    summary: 'Stop what the session runs now.',
    params: z.strictObject({ session }),
    result: z.strictObject({ interrupted: z.boolean() }),
    positional: ['session'],
    errors: ['SESSION_NOT_FOUND'],
  }),
  'session.hibernate': method({
    summary: 'Store the state of a session and free its worker; the next call wakes it.',
    params: z.strictObject({ session }),
    result: Session,
    positional: ['session'],
    errors: ['SESSION_NOT_FOUND', 'SESSION_NOT_READY', 'SESSION_BUSY', 'STATE_UNAVAILABLE'],
    idempotent: true,
  }),
  'session.complete': method({
    summary: 'What could be typed next: names of globals or properties, for an editor or a prompt.',
    params: z.strictObject({ session, text: z.string().max(65_536).describe('the code up to the cursor') }),
    result: z.strictObject({
      items: z.array(z.string()),
      replaces: z.string().describe('the end of the text that an item takes the place of'),
    }),
    positional: ['session', 'text'],
    errors: ['SESSION_NOT_FOUND', 'SESSION_NOT_READY', 'SESSION_BUSY', 'OVERLOADED'],
    idempotent: true,
  }),
};
