// Flags of every command and the process around it to what a command works with.
import * as z from 'zod';
import type { Client } from '../rpc/client.js';
import { fieldsOf } from './argv/shape.js';
import { flagsOf } from './argv/flag.js';
import type { Paint } from './output/paint.js';

export const GlobalParams = z.strictObject({
  socket: z.string().min(1).optional().meta({ cli: 'path' }).describe('socket of the daemon'),
  json: z.boolean().optional().describe('print the result as one JSON document'),
  start: z.boolean().optional().describe('start a daemon where none answers (default; --no-start forbids)'),
  color: z.boolean().optional().describe('colours (default: on a terminal; --no-color, NO_COLOR)'),
  help: z.boolean().optional().describe('show this'),
  version: z.boolean().optional().describe('show the version'),
});
export type GlobalParams = z.infer<typeof GlobalParams>;

export const globalFields = fieldsOf(GlobalParams);
export const globalFlags = flagsOf(globalFields);

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command is given. */
export interface Context {
  json: boolean;
  cwd: string;
  env: Environment;
  /** Aborted by Ctrl-C, by a signal to end, and where nobody reads standard output any more. */
  signal: AbortSignal;
  /** Where the daemon listens, or would. */
  socketPath: string;
  /** For standard output; `paintError` for standard error. */
  paint: Paint;
  paintError: Paint;
  /** Writes text as it is. */
  write(to: 'stdout' | 'stderr', text: string): void;
  /** The connection, made at the first call; the daemon is started where it must be and `mayStart` allows. */
  connect(options?: { mayStart?: boolean }): Promise<Client>;
}

/** Writes lines to standard output. */
export function print(context: Context, lines: readonly string[]): void {
  if (lines.length > 0) context.write('stdout', `${lines.join('\n')}\n`);
}

/** Writes lines to standard error. */
export function note(context: Context, lines: readonly string[]): void {
  if (lines.length > 0) context.write('stderr', `${lines.join('\n')}\n`);
}

/** Writes the one document of `--json`. */
export function printJson(context: Context, value: unknown): void {
  print(context, [JSON.stringify(value, undefined, 2)]);
}
