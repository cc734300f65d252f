// `vmsys template suggest`: what a template would have to grant for what a session, or one execution, asked for.
import * as z from 'zod';
import { methods } from '../../rpc/methods/index.js';
import { command } from '../command.js';
import { note, print, printJson } from '../context.js';
import { exitStatus } from '../fault.js';
import { coverageLine, suggestionLines } from './suggestion-lines.js';

export const suggestCommand = command({
  words: 'template suggest',
  summary: methods['template.suggest'].summary,
  params: z.strictObject({
    session: z.string().min(1).max(128).describe('id or name of a session, or id of one execution'),
  }),
  positional: ['session'],
  async run(context, { session }) {
    const client = await context.connect();
    // A name never looks like an id.
    const of = session.startsWith('exe_') ? { execution: session } : { session };
    const result = await client.call('template.suggest', of, { signal: context.signal });
    if (context.json) {
      printJson(context, result);
      return exitStatus.ok;
    }
    const { template } = result;
    const { capabilities } = await client.call('template.get', { template }, { signal: context.signal });
    print(context, suggestionLines(result, capabilities, context.paint));
    note(context, [coverageLine(result)]);
    return exitStatus.ok;
  },
});
