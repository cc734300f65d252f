// The command line to an exit status: finds the command, reads its params, runs it, explains what went wrong.
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { Client } from '../rpc/client.js';
import { checkedSocketPath, defaultSocketPath } from '../rpc/socket-path.js';
import { parseParams } from '../rpc/validate.js';
import { assemble } from './argv/assemble.js';
import { flagsOf, type Flag } from './argv/flag.js';
import { scan, type GivenFlag } from './argv/scan.js';
import { fieldsOf } from './argv/shape.js';
import type { Command } from './command.js';
import { chooseCommand, commands, type Choice } from './commands.js';
import { connectOrStart } from './connect.js';
import { globalFields, globalFlags, GlobalParams, type Context, type Environment } from './context.js';
import { exitStatus, statusOfError, UsageFault } from './fault.js';
import { register, usageOf } from './help.js';
import { explain } from './output/explain.js';
import { paintFor, takesColours } from './output/paint.js';
import { listenForSignals, type Interruption } from './signals.js';

/** Does what `argv` (without node and the program) says; sets the exit status of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  // Of a program that ends because there is nothing left to wait for; as Node's own.
  process.exitCode = 13;
  const interruption = listenForSignals();
  // `| head` has read enough: end quietly, but clean up.
  process.stdout.on('error', () => interruption.end(exitStatus.ok));
  process.stderr.on('error', () => interruption.end(exitStatus.ok));
  try {
    process.exitCode = await runLine(argv, interruption);
  } catch (error) {
    process.exitCode = statusOfError(error);
    if (interruption.status() === undefined || process.exitCode !== exitStatus.cancelled) {
      process.stderr.write(`${explain(error).join('\n')}\n`);
    }
  }
  process.exitCode = interruption.status() ?? process.exitCode;
}

async function runLine(argv: readonly string[], interruption: Interruption): Promise<number> {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
  const choice = chooseCommand(words);
  if (choice.kind === 'group') return showGroup(choice);
  const { command, rest } = choice;
  try {
    return await runCommand(command, rest, interruption);
  } catch (error) {
    if (!(error instanceof UsageFault) || error.usage !== undefined) throw error;
    throw new UsageFault(error.message, usageOf(command));
  }
}

async function runCommand(
  command: Command,
  words: readonly string[],
  interruption: Interruption,
): Promise<number> {
  const fields = fieldsOf(command.params);
  const own = flagsOf(fields).map((flag) => negatableIn(flag, command));
  const { positionals, given } = scan(words, [...own, ...globalFlags]);
  const globals = readGlobals(given.filter(({ flag }) => globalFlags.includes(flag)));
  const cli = register([command], version(), () => run());
  const run = async (): Promise<number> => {
    const accepts = { fields, positional: command.positional ?? [] };
    const ownGiven = given.filter(({ flag }) => !globalFlags.includes(flag));
    const { params, withheld } = assemble({ positionals, given: ownGiven }, accepts, process.cwd());
    // Faults are found here, before anything is connected or started; the daemon checks once more.
    const values = parseParams(command.words, command.params, params);
    const { context, close } = createContext(globals, interruption);
    try {
      return await command.run(context, values, withheld);
    } finally {
      await close();
    }
  };
  cli.parse(['', 'vmsys', command.words], { run: false });
  if (!globals.help) return (await cli.runMatchedCommand()) as number; // what `run` answers
  cli.outputHelp();
  return exitStatus.ok;
}

const negatableIn = (flag: Flag, command: Command): Flag =>
  command.negatable?.includes(flag.name) ? { ...flag, negatable: true } : flag;

const readGlobals = (given: GivenFlag[]): GlobalParams =>
  GlobalParams.parse(
    assemble({ positionals: [], given }, { fields: globalFields, positional: [] }, process.cwd()).params,
  );

function showGroup({ group, rest }: Extract<Choice, { kind: 'group' }>): number {
  const globals = readGlobals(scan(rest, globalFlags).given);
  const shown =
    group === undefined ? commands : commands.filter(({ words }) => words.startsWith(`${group} `));
  const cli = register(shown, version(), async () => exitStatus.ok);
  if (group === undefined && globals.version) process.stdout.write(`vmsys ${version()}\n`);
  else cli.outputHelp();
  return globals.help || globals.version ? exitStatus.ok : exitStatus.usage;
}

function createContext(
  globals: GlobalParams,
  interruption: Interruption,
): { context: Context; close(): Promise<void> } {
  const { env } = process;
  const uid = process.getuid?.() ?? 0;
  const socketPath = socketPathOf(globals, env, uid);
  const forbidden =
    globals.start === false || (globals.start === undefined && Boolean(env['VMSYS_NO_START']));
  let client: Client | undefined;
  const context: Context = {
    json: globals.json ?? false,
    cwd: process.cwd(),
    env,
    signal: interruption.signal,
    socketPath,
    paint: paintFor(takesColours(process.stdout, env, globals.color)),
    paintError: paintFor(takesColours(process.stderr, env, globals.color)),
    write: (to, text) => void process[to].write(text),
    connect: async ({ mayStart = true } = {}) => {
      const { signal } = interruption;
      const warn = (line: string) => context.write('stderr', `${line}\n`);
      client = await connectOrStart({
        socketPath,
        mayStart: mayStart && !forbidden,
        env,
        uid,
        signal,
        warn,
        hint: globals.json ? () => {} : warn,
      });
      return client;
    },
  };
  return { context, close: async () => client?.close() };
}

function socketPathOf(globals: GlobalParams, env: Environment, uid: number): string {
  try {
    return checkedSocketPath(globals.socket ?? defaultSocketPath(env, uid));
  } catch (error) {
    if (error instanceof RangeError) throw new UsageFault(error.message);
    throw error;
  }
}

const PackageJson = z.object({ version: z.string() });

const version = (): string =>
  PackageJson.parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))).version;
