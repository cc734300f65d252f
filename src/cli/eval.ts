// `vmsys eval`: code to its value, in a session that lives no longer than that.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as z from 'zod';
import { RunOptions } from '../records/index.js';
import type { Client } from '../rpc/client.js';
import { RpcError } from '../rpc/errors.js';
import { command } from './command.js';
import { note, type Context } from './context.js';
import { UsageFault } from './fault.js';
import { explain } from './output/explain.js';
import { runExecution } from './run-execution.js';
import { readStandardInput } from './standard-input.js';

const Params = z.strictObject({
  code: z.string().optional().describe('what to evaluate; "-" reads standard input'),
  file: z.string().optional().meta({ cli: 'path' }).describe('evaluate what this file says'),
  template: z.string().optional().describe('id or name of a template (default: default)'),
  timeoutMs: RunOptions.shape.timeoutMs,
});

export const evalCommand = command({
  words: 'eval',
  summary: 'Evaluate code in a throw-away session.',
  params: Params,
  positional: ['code'],
  async run(context, params) {
    const { code, filename } = await source(params);
    const client = await context.connect();
    return withSession(context, client, params.template, (session) =>
      runExecution(context, client, {
        name: 'exec.repl',
        params: {
          session,
          code,
          until: 'idle',
          onDisconnect: 'cancel',
          ...(filename === undefined ? {} : { filename }),
          ...(params.timeoutMs === undefined ? {} : { timeoutMs: params.timeoutMs }),
        },
      }),
    );
  },
});

async function source({ code, file }: z.infer<typeof Params>): Promise<{ code: string; filename?: string }> {
  if (code !== undefined && file !== undefined) throw new UsageFault('eval takes CODE or --file, not both');
  if (file !== undefined) return { code: await readFile(file, 'utf8'), filename: file };
  if (code === undefined) throw new UsageFault('missing CODE');
  return { code: code === '-' ? await readStandardInput() : code };
}

/** Makes a session in the current folder, and deletes it whatever happens: errors and Ctrl-C included. */
async function withSession(
  context: Context,
  client: Client,
  template: string | undefined,
  use: (session: string) => Promise<number>,
): Promise<number> {
  let session: string | undefined;
  try {
    const params = { worktree: resolve(context.cwd), ...(template === undefined ? {} : { template }) };
    session = (await client.call('session.create', params, { signal: context.signal })).id;
    return await use(session);
  } catch (error) {
    // A session whose startup failed exists as well; the error names it.
    session ??= sessionIn(error);
    throw error;
  } finally {
    if (session !== undefined) await discard(context, client, session);
  }
}

async function discard(context: Context, client: Client, session: string): Promise<void> {
  try {
    await client.call('session.delete', { session });
  } catch (error) {
    note(context, [`vmsys: the session ${session} could not be deleted:`, ...explain(error)]);
  }
}

function sessionIn(error: unknown): string | undefined {
  const id = error instanceof RpcError ? error.details?.['sessionId'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
