// `vmsys completion`: the commands to a script that completes them in a shell.
import * as z from 'zod';
import { command, type Command } from '../command.js';
import { exitStatus } from '../fault.js';
import { completionScript, shells } from './scripts.js';
import { offersOf } from './words.js';

/** `commands` is asked when the command runs: it is one of them itself. */
export const completionCommandFor = (commands: () => readonly Command[]): Command =>
  command({
    words: 'completion',
    summary: 'Print a script that completes vmsys in a shell.',
    params: z.strictObject({ shell: z.enum(shells) }),
    positional: ['shell'],
    async run(context, { shell }) {
      context.write('stdout', completionScript(shell, offersOf(commands())));
      return exitStatus.ok;
    },
  });
