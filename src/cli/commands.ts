// All commands, and the words of a command line to the one that is meant.
import { didYouMean } from '../rpc/suggest.js';
import { leadingWords } from './argv/scan.js';
import { callCommand } from './call.js';
import type { Command } from './command.js';
import { completionCommandFor } from './completion/command.js';
import { globalFlags } from './context.js';
import { evalCommand } from './eval.js';
import { UsageFault } from './fault.js';
import { logsCommand } from './logs.js';
import { methodCommands } from './methods.js';
import { replCommand } from './repl/command.js';
import { serviceCommands } from './service/commands.js';
import { schemaCommand } from './template/schema.js';
import { watchCommand } from './watch.js';

/** The commands beside the table first: they are what people use most. */
export const commands: readonly Command[] = [
  evalCommand,
  replCommand,
  watchCommand,
  logsCommand,
  ...serviceCommands,
  callCommand,
  completionCommandFor(() => commands),
  ...methodCommands(),
  schemaCommand,
];

export type Choice =
  | { kind: 'command'; command: Command; rest: string[] }
  /** No command was named, or only a group of them. */
  | { kind: 'group'; group: string | undefined; rest: string[] };

/** Finds the command that `words` name; throws a UsageFault where there is none. */
export function chooseCommand(words: readonly string[]): Choice {
  const [first, second] = leadingWords(words, globalFlags, 2);
  if (first === undefined) return { kind: 'group', group: undefined, rest: [...words] };
  const group = words[first] ?? '';
  const single = commands.find((command) => command.words === group);
  if (single !== undefined) return { kind: 'command', command: single, rest: words.toSpliced(first, 1) };
  const members = commands.filter((command) => command.words.startsWith(`${group} `));
  if (members.length === 0) throw unknownCommand(group, firstWords());
  if (second === undefined) return { kind: 'group', group, rest: words.toSpliced(first, 1) };
  const verb = words[second] ?? '';
  const member = members.find((command) => command.words === `${group} ${verb}`);
  if (member === undefined) {
    throw unknownCommand(
      `${group} ${verb}`,
      members.map((command) => command.words),
    );
  }
  return { kind: 'command', command: member, rest: words.toSpliced(second, 1).toSpliced(first, 1) };
}

const firstWords = (): string[] => [...new Set(commands.map((command) => command.words.split(' ')[0] ?? ''))];

function unknownCommand(named: string, known: readonly string[]): UsageFault {
  const hint = didYouMean(named, known) || `; known: ${known.join(', ')}`;
  return new UsageFault(`unknown command "${named}"${hint}`, 'vmsys GROUP VERB [ARGUMENTS] [FLAGS]');
}
