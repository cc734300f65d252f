// The method table to commands: `group.verb` becomes `vmsys group verb`, its params flags and positionals.
import { methods, isMethodName, type MethodName } from '../rpc/methods/index.js';
import { command, type Command } from './command.js';
import { note, print, printJson, type Context } from './context.js';
import { kebab } from './argv/flag.js';
import { exitStatus } from './fault.js';
import { addCommand, syncCommand } from './lib/add.js';
import { verifyCommand } from './lib/verify.js';
import { formatResult, nextPage } from './output/result.js';
import { runExecution } from './run-execution.js';
import { applyCommand } from './template/apply.js';
import { exportCommand } from './template/export.js';
import { suggestCommand } from './template/suggest.js';

/** The words of a method on the command line: `exec.runFile` is `exec run-file`. */
export const wordsOf = (name: string): string => name.split('.').map(kebab).join(' ');

/** One command for each method of the table, in its order. */
export const methodCommands = (): Command[] => Object.keys(methods).filter(isMethodName).map(commandOf);

function commandOf(name: MethodName): Command {
  const { summary, params, positional } = methods[name];
  const special = specialCommand(name);
  if (special !== undefined) return special;
  return command({
    words: wordsOf(name),
    summary,
    params,
    ...(positional === undefined ? {} : { positional }),
    run: (context, values) => callAndPrint(context, name, values),
  });
}

/** Calls any method and prints its result. */
export async function callAndPrint(context: Context, name: string, params: unknown): Promise<number> {
  // Starting a daemon in order to stop it would be absurd.
  const client = await context.connect({ mayStart: name !== 'system.shutdown' });
  const result = await client.callRaw(name, params, { signal: context.signal });
  if (context.json) {
    printJson(context, result);
    return exitStatus.ok;
  }
  print(context, formatResult(name, result, context.paint));
  const next = nextPage(result);
  if (next !== undefined) note(context, [next]);
  return exitStatus.ok;
}

/** The methods for which the command line adds something: a default, or output while they run. */
function specialCommand(name: MethodName): Command | undefined {
  switch (name) {
    case 'exec.repl':
      return command({
        ...methods[name],
        words: wordsOf(name),
        run: async (context, params) => runExecution(context, await context.connect(), { name, params }),
      });
    case 'exec.runFile':
      return command({
        ...methods[name],
        words: wordsOf(name),
        run: async (context, params) => runExecution(context, await context.connect(), { name, params }),
      });
    case 'session.create':
      return command({
        ...methods[name],
        words: wordsOf(name),
        negatable: ['worktree'],
        run: (context, params, withheld) =>
          callAndPrint(
            context,
            name,
            withheld.has('worktree') ? params : { worktree: context.cwd, ...params },
          ),
      });
    case 'template.apply':
      return applyCommand;
    case 'template.export':
      return exportCommand;
    case 'template.suggest':
      return suggestCommand;
    case 'lib.add':
      return addCommand;
    case 'lib.sync':
      return syncCommand;
    case 'lib.verify':
      return verifyCommand;
    default:
      return undefined;
  }
}
