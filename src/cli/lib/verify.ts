// `vmsys lib verify`: whether the files of the cache are what their integrity says, also as the exit status.
import { methods } from '../../rpc/methods/index.js';
import { command } from '../command.js';
import { print, printJson } from '../context.js';
import { exitStatus } from '../fault.js';
import { formatResult } from '../output/result.js';

export const verifyCommand = command({
  ...methods['lib.verify'],
  words: 'lib verify',
  summary: 'Compare files of the cache with their integrity; exit status 5 where one is wrong.',
  async run(context, params) {
    const client = await context.connect();
    const result = await client.call('lib.verify', params, { signal: context.signal });
    if (context.json) printJson(context, result);
    else print(context, formatResult('lib.verify', result, context.paint));
    return result.items.every(({ ok }) => ok) ? exitStatus.ok : exitStatus.otherError;
  },
});
