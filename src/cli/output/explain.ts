// An error that ended a command to the lines on standard error that explain it.
import * as z from 'zod';
import { ExecutionError } from '../../records/index.js';
import { RpcError } from '../../rpc/errors.js';
import { isAbort, UsageFault } from '../fault.js';

/** Plain lines, the first beginning with `vmsys: `. */
export function explain(error: unknown): string[] {
  if (error instanceof UsageFault) {
    return [`vmsys: ${error.message}`, ...(error.usage === undefined ? [] : [`usage: ${error.usage}`])];
  }
  if (error instanceof RpcError) {
    return [`vmsys: ${error.code}: ${error.message}`, ...detailLines(error.details)];
  }
  if (isAbort(error)) return ['vmsys: cancelled'];
  return [`vmsys: ${error instanceof Error ? error.message : String(error)}`];
}

const Issues = z.object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) });
const Failure = z.object({ sessionId: z.string().optional(), error: ExecutionError.loose() });

/** The faults of a VALIDATION_ERROR; the script's error of a STARTUP_FAILED. */
function detailLines(details: unknown): string[] {
  const issues = Issues.safeParse(details).data?.issues ?? [];
  const lines = issues.map(({ path, message }) => `  ${path === '' ? 'params' : path}: ${message}`);
  const failure = Failure.safeParse(details).data;
  if (failure !== undefined) {
    lines.push(...stackLines(failure.error).map((line) => `  ${line}`));
    if (failure.sessionId !== undefined) lines.push(`  session: ${failure.sessionId}`);
  }
  return lines;
}

/** `Name: message` and the frames, whether or not the stack repeats the first line. */
export function stackLines({ name, message, stack }: ExecutionError): string[] {
  // What is no error has no name.
  const head = message === '' || name === '' ? name + message : `${name}: ${message}`;
  const frames = stack?.trimEnd() ?? '';
  if (frames === '') return head.split('\n');
  return (frames.startsWith(head) ? frames : `${head}\n${frames}`).split('\n');
}
