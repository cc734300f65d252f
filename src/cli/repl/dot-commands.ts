// The prompt's own commands, beside those of Node's: those of the session, and `.load` and `.clear` as a remote session
// needs them.
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { REPLServer } from 'node:repl';
import { note, print, type Context } from '../context.js';
import { explain } from '../output/explain.js';
import { formatRecord } from '../output/record.js';
import type { InputGate } from './input-gate.js';
import type { SessionLink } from './link.js';
import type { Runner } from './runner.js';
import { checkpoint, checkpoints, fork, undo } from './state-commands.js';

/** Adds them to `server`; each holds the next line back until it is done. */
export function addCommands(
  server: REPLServer,
  context: Context,
  link: SessionLink,
  runner: Runner,
  gate: InputGate,
): void {
  const add = (name: string, help: string, act: (text: string) => Promise<void> | void): void =>
    server.defineCommand(name, {
      help,
      action(text) {
        this.clearBufferedCommand();
        gate.hold();
        void Promise.resolve(text.trim())
          .then(act)
          .catch((error: unknown) => note(context, explain(error)))
          .finally(() => {
            this.displayPrompt();
            gate.release();
          });
      },
    });
  add('session', 'Show the session', async () =>
    print(context, formatRecord({ ...(await link.record()) }, context.paint)),
  );
  add('checkpoint', 'Keep the state of the session, with a label if you like', async (label) =>
    print(context, await checkpoint(link, label)),
  );
  add('checkpoints', 'List the checkpoints of the session', async () =>
    print(context, await checkpoints(link, context.paint)),
  );
  add('undo', 'Undo the last call in the session, or the last N of them', async (count) =>
    print(context, await undo(link, count)),
  );
  add('fork', 'Go on in a copy of the session, with a name if you like', async (name) =>
    print(context, await fork(link, name)),
  );
  add('load', 'Run a file of this machine in the session', async (path) => {
    const file = resolve(context.cwd, path);
    await runner.run(await readFile(file, 'utf8'), file);
  });
  add('clear', 'Alias for .break', () => undefined);
}
