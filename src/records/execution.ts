// Executions and their events: what was run, what was observed, how it ended and what became of the session.
import * as z from 'zod';
import { Environment } from './template.js';
import { ExecutionId, SessionId, Timestamp } from './ids.js';

export const ExecutionKind = z.enum(['repl', 'run_file', 'startup', 'timer']);
export type ExecutionKind = z.infer<typeof ExecutionKind>;

export const ExecutionStatus = z.enum([
  'running',
  'ok',
  'error',
  'timeout',
  'limit_exceeded',
  'cancelled',
  'crashed',
  'interrupted',
]);
export type ExecutionStatus = z.infer<typeof ExecutionStatus>;

/** `kept`: the session is as the code left it. `rolled_back`: it is as it was before the call. */
export const StateOutcome = z.enum(['kept', 'rolled_back']);
export type StateOutcome = z.infer<typeof StateOutcome>;

export const ValueType = z
  .string()
  .describe('`typeof` of the value, or "null", "array", "promise", or the class name of an object');

export const Result = z.strictObject({
  type: ValueType,
  preview: z.string().describe('the value as a person reads it; getters are not run, large values are cut'),
  json: z.json().optional().describe('the value, where JSON can say all of it'),
});
export type Result = z.infer<typeof Result>;

export const ExecutionError = z.strictObject({
  name: z.string(),
  message: z.string(),
  stack: z.string().optional().describe('frames of the user’s code only'),
  limit: z
    .enum(['cpuMs', 'wallMs', 'memMb', 'stack', 'maxEvents', 'maxOutputKb'])
    .optional()
    .describe('the limit that ended the execution'),
});
export type ExecutionError = z.infer<typeof ExecutionError>;

export const ConsoleLevel = z.enum(['log', 'info', 'debug', 'warn', 'error', 'trace']);
export type ConsoleLevel = z.infer<typeof ConsoleLevel>;

/** One thing that a script asked of the host, allowed or not. */
export const HostCall = z.strictObject({
  module: z.string().describe('the host module, or the one that was asked for'),
  call: z.string().describe('its function; `import` where the module itself was asked for'),
  target: z.string().describe('what it was about: a path, a program with its arguments, an origin'),
  allowed: z.boolean().describe('whether the template grants it'),
  ms: z.number(),
  bytes: z.int().optional().describe('how much was read or written'),
  write: z.boolean().optional().describe('whether it was to be changed, where `call` does not say so'),
  path: z.string().optional().describe('a second path: where a file was put, the folder a program ran in'),
});
export type HostCall = z.infer<typeof HostCall>;

const event = <Type extends string, Payload extends z.ZodType>(type: Type, payload: Payload) =>
  z.strictObject({ seq: z.int().min(1), ts: Timestamp, type: z.literal(type), payload });

export const Event = z.discriminatedUnion('type', [
  event('input_echo', z.strictObject({ text: z.string() })),
  event('console', z.strictObject({ level: ConsoleLevel, text: z.string() })),
  event('stdout', z.strictObject({ text: z.string() })),
  event('stderr', z.strictObject({ text: z.string() })),
  event('value', Result),
  event('exception', ExecutionError),
  event('host', HostCall),
  event('system', z.strictObject({ level: z.enum(['info', 'warn', 'error']), message: z.string() })),
]);
export type Event = z.infer<typeof Event>;
export type EventType = Event['type'];
/** An event before it has its number and its time. */
export type EventBody = Event extends infer E
  ? E extends Event
    ? Pick<E, 'type' | 'payload'>
    : never
  : never;

export const Metrics = z.strictObject({
  cpuMs: z.number().describe('CPU time spent in the script'),
  events: z.int(),
  outputBytes: z.int().describe('bytes of text in the events'),
  memoryBytes: z.int().describe('memory of the session after the call'),
});
export type Metrics = z.infer<typeof Metrics>;

export const Execution = z.strictObject({
  id: ExecutionId,
  sessionId: SessionId,
  kind: ExecutionKind,
  code: z.string().optional(),
  path: z.string().optional(),
  args: z.array(z.string()).optional(),
  env: Environment.optional(),
  status: ExecutionStatus,
  state: StateOutcome.describe('what became of the session’s state'),
  undoneAt: Timestamp.optional().describe(
    'when its effect on the session was taken back: by a rollback, or because the daemon went away before it was stored',
  ),
  startedAt: Timestamp,
  endedAt: Timestamp.optional(),
  durationMs: z.number().optional(),
  result: Result.optional(),
  error: ExecutionError.optional(),
  metrics: Metrics,
  events: z.array(Event).optional(),
});
export type Execution = z.infer<typeof Execution>;

/** How an execution is to be run; all optional. */
export const RunOptions = z.strictObject({
  timeoutMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .optional()
    .describe('a shorter wall limit for this call; the template’s limit still holds'),
  onFailure: z
    .enum(['keep', 'rollback'])
    .optional()
    .describe('after a failed call: keep its effect on the session (default), or undo it'),
  ifBusy: z
    .enum(['reject', 'wait'])
    .optional()
    .describe('where another execution runs: answer SESSION_BUSY (default), or wait in line'),
  until: z
    .enum(['value', 'idle'])
    .optional()
    .describe(
      'when the execution ends: with its value (default of exec.repl), or when no timeout is left as well (of exec.runFile)',
    ),
});
export type RunOptions = z.infer<typeof RunOptions>;
