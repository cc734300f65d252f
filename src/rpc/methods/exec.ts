import * as z from 'zod';
import {
  Environment,
  Event,
  Execution,
  ExecutionStatus,
  Reference,
  RunOptions,
} from '../../records/index.js';
import { method, page, pageParams } from './method.js';

const session = Reference.describe('id or name of a session');
const execution = z.string().min(1).max(128).describe('id of an execution');

const callOptions = {
  ...RunOptions.shape,
  stream: z.boolean().optional().describe('send each event as `exec.event` before the reply'),
  onDisconnect: z
    .enum(['continue', 'cancel'])
    .optional()
    .describe('where the client goes away meanwhile: run on (default), or cancel'),
};

const runErrors = [
  'SESSION_NOT_FOUND',
  'SESSION_NOT_READY',
  'SESSION_BUSY',
  'OVERLOADED',
  'STATE_UNAVAILABLE',
  'REQUEST_CANCELLED',
] as const;

export const execMethods = {
  'exec.repl': method({
    summary: 'Evaluate code in a session; its variables stay.',
    params: z.strictObject({
      session,
      code: z.string(),
      filename: z.string().min(1).max(1024).optional().describe('what stack traces call the code'),
      ...callOptions,
    }),
    result: Execution,
    positional: ['session', 'code'],
    errors: runErrors,
  }),
  'exec.runFile': method({
    summary: 'Run a file of the session’s worktree.',
    params: z.strictObject({
      session,
      path: z.string().min(1).max(4096).describe('relative to the worktree'),
      args: z.array(z.string()).max(4096).optional(),
      env: Environment.optional(),
      ...callOptions,
    }),
    result: Execution,
    positional: ['session', 'path', 'args'],
    errors: [...runErrors, 'INVALID_PATH', 'FILE_NOT_FOUND'],
  }),
  'exec.get': method({
    summary: 'One execution, without its events.',
    params: z.strictObject({ execution }),
    result: Execution,
    positional: ['execution'],
    errors: ['EXECUTION_NOT_FOUND'],
    idempotent: true,
  }),
  'exec.list': method({
    summary: 'Executions, newest first.',
    params: z.strictObject({
      session: session.optional(),
      status: ExecutionStatus.optional(),
      ...pageParams,
    }),
    result: page(Execution),
    positional: ['session'],
    errors: ['SESSION_NOT_FOUND'],
    idempotent: true,
  }),
  'exec.events': method({
    summary: 'The events of an execution, from one number on.',
    params: z.strictObject({
      execution,
      afterSeq: z.int().min(0).optional().describe('events after this number (default 0: all)'),
      limit: z.int().min(1).max(1000).optional().describe('at most so many (default 1000)'),
    }),
    result: z.strictObject({
      items: z.array(Event),
      nextSeq: z.int().describe('`afterSeq` for the next call'),
    }),
    positional: ['execution'],
    errors: ['EXECUTION_NOT_FOUND'],
    idempotent: true,
  }),
  'exec.cancel': method({
    summary: 'Stop a running execution.',
    params: z.strictObject({ execution }),
    result: z.strictObject({ cancelled: z.boolean() }),
    positional: ['execution'],
    errors: ['EXECUTION_NOT_FOUND'],
  }),
};
