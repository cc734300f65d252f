// `vmsys call`: any method with params as JSON, for what the other commands cannot say.
import * as z from 'zod';
import { parseJson } from './argv/value.js';
import { command } from './command.js';
import { printJson } from './context.js';
import { exitStatus } from './fault.js';
import { readStandardInput } from './standard-input.js';

export const callCommand = command({
  words: 'call',
  summary: 'Call a method of the wire with params as JSON; print its result as JSON.',
  params: z.strictObject({
    method: z.string().min(1).describe('as on the wire: session.create'),
    params: z.string().optional().describe('a JSON object (default {}); "-" reads standard input'),
  }),
  positional: ['method', 'params'],
  async run(context, { method, params = '{}' }) {
    const text = params === '-' ? await readStandardInput() : params;
    const value = parseJson(text, { name: 'PARAMS' });
    const client = await context.connect({ mayStart: method !== 'system.shutdown' });
    printJson(context, await client.callRaw(method, value, { signal: context.signal }));
    return exitStatus.ok;
  },
});
