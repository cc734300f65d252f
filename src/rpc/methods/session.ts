import * as z from 'zod';
import { Checkpoint, Name, Reference, Session, SessionInput, SessionStatus } from '../../records/index.js';
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
      'INTEGRITY_MISMATCH',
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
  'session.fork': method({
    summary: 'Make a new session with the same state.',
    params: z.strictObject({ session, name: Name.optional() }),
    result: Session,
    positional: ['session', 'name'],
    errors: [
      'SESSION_NOT_FOUND',
      'SESSION_NOT_READY',
      'SESSION_BUSY',
      'NAME_TAKEN',
      'OVERLOADED',
      'STATE_UNAVAILABLE',
    ],
  }),
  'session.checkpoint': method({
    summary: 'Keep the state of a session as it is now, to go back to.',
    params: z.strictObject({ session, label: z.string().min(1).max(256).optional() }),
    result: Checkpoint,
    positional: ['session', 'label'],
    errors: ['SESSION_NOT_FOUND', 'SESSION_NOT_READY', 'SESSION_BUSY', 'OVERLOADED', 'STATE_UNAVAILABLE'],
  }),
  'session.checkpoints': method({
    summary: 'The checkpoints of a session, newest first.',
    params: z.strictObject({ session, ...pageParams }),
    result: page(Checkpoint),
    positional: ['session'],
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
  }),
  'session.rollback': method({
    summary: 'Take the state of a session back to a checkpoint, or to just before an execution ran.',
    params: z
      .strictObject({
        session,
        checkpoint: z.string().min(1).optional().describe('id or label of a checkpoint'),
        execution: z.string().min(1).optional().describe('id of an execution'),
      })
      .refine(
        ({ checkpoint, execution }) => (checkpoint === undefined) !== (execution === undefined),
        'expected either checkpoint or execution',
      ),
    result: Session,
    positional: ['session', 'checkpoint'],
    errors: [
      'SESSION_NOT_FOUND',
      'SESSION_NOT_READY',
      'SESSION_BUSY',
      'CHECKPOINT_NOT_FOUND',
      'EXECUTION_NOT_FOUND',
      'OVERLOADED',
      'STATE_UNAVAILABLE',
    ],
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
