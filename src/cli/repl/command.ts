// `vmsys repl`: an existing session, or a new one that is kept, to a prompt.
import * as z from 'zod';
import { Reference, type Session } from '../../records/index.js';
import type { Client } from '../../rpc/client.js';
import { command } from '../command.js';
import { note, type Context } from '../context.js';
import { exitStatus, UsageFault } from '../fault.js';

export const replCommand = command({
  words: 'repl',
  summary: 'Type code into a session, a new one where none is named.',
  params: z.strictObject({
    session: Reference.optional().describe('id or name of a session'),
    template: Reference.optional().describe('template of a new session (default: default)'),
  }),
  positional: ['session'],
  async run(context, { session: named, template }) {
    if (context.json) throw new UsageFault('repl takes no --json; use "vmsys exec repl SESSION CODE --json"');
    if (named !== undefined && template !== undefined) {
      throw new UsageFault('repl takes SESSION or --template, not both: a session has its template');
    }
    const client = await context.connect();
    const session =
      named === undefined
        ? await newSession(context, client, template)
        : await client.call('session.get', { session: named }, { signal: context.signal });
    // Node's prompt and a parser take a while to load; only this command needs them.
    const { prompt } = await import('./prompt.js');
    const { id } = await prompt(context, client, session);
    if (named === undefined || id !== session.id) {
      note(context, [`session ${id} is kept; come back with "vmsys repl ${id}"`]);
    }
    return exitStatus.ok;
  },
});

function newSession(context: Context, client: Client, template: string | undefined): Promise<Session> {
  const params = { worktree: context.cwd, ...(template === undefined ? {} : { template }) };
  return client.call('session.create', params, { signal: context.signal });
}
