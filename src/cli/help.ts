// Commands to cac, which keeps them, writes their help and runs the one that matches. It is given no values: those
// are read by `argv/`, where `1e3` stays text.
import { cac, type CAC } from 'cac';
import { flagsOf, placeholder, type Flag } from './argv/flag.js';
import { fieldsOf } from './argv/shape.js';
import type { Command } from './command.js';

const globalOptions: readonly (readonly [string, string])[] = [
  ['--socket <PATH>', 'Socket of the daemon (default: $VMSYS_SOCKET, $XDG_RUNTIME_DIR/vmsys/vmsysd.sock)'],
  ['--json', 'Print the result as one JSON document'],
  ['--no-start', 'Start no daemon where none answers (or VMSYS_NO_START=1)'],
  ['--no-color', 'No colours (or NO_COLOR)'],
];

/** The line that shows how a command is written: `vmsys exec repl SESSION CODE [FLAGS]`. */
export function usageOf(command: Command): string {
  const fields = fieldsOf(command.params);
  const words = (command.positional ?? []).map((name) => {
    const field = fields.get(name);
    const shown = `${name.toUpperCase()}${field?.shape.kind === 'list' ? '…' : ''}`;
    return field?.required ? shown : `[${shown}]`;
  });
  const hasFlags = fields.size > words.length;
  return ['vmsys', command.words, ...words, ...(hasFlags ? ['[FLAGS]'] : [])].join(' ');
}

/** A cac with these commands. `run` is what the one that is parsed does. */
export function register(commands: readonly Command[], version: string, run: () => Promise<number>): CAC {
  const cli = cac('vmsys');
  for (const command of commands) {
    const registered = cli.command(command.words, command.summary).action(run);
    // Reading all schemas takes longer than anything else here: only the command that is meant shows its flags.
    if (commands.length > 1) continue;
    registered.usage(usageOf(command).slice('vmsys '.length));
    for (const [name, description] of flagLines(command)) registered.option(name, description);
  }
  for (const [name, description] of globalOptions) cli.option(name, description, { default: undefined });
  cli.version(version);
  cli.usage('GROUP VERB [ARGUMENTS] [FLAGS]');
  const [only] = commands;
  cli.help((sections) =>
    withArguments(sections, commands.length === 1 ? only : undefined)
      // One line for each of forty commands says no more than the list above it.
      .filter((section) => !section.title?.startsWith('For more info'))
      .map((section) => ({
        ...section,
        body: section.body.replaceAll(/ (?:\(default: true\))?$/gm, '').trimEnd(),
      })),
  );
  return cli;
}

interface Section {
  title?: string;
  body: string;
}

/** Of one command: what it does, and what its arguments are, around the line that shows how it is written. */
function withArguments(sections: Section[], command: Command | undefined): Section[] {
  const at = sections.findIndex(({ title }) => title === 'Usage');
  if (command === undefined || at === -1) return sections;
  const fields = fieldsOf(command.params);
  const described = (command.positional ?? []).flatMap((name) => {
    const description = fields.get(name)?.description ?? '';
    return description === '' ? [] : [[name.toUpperCase(), description] as const];
  });
  const width = Math.max(0, ...described.map(([name]) => name.length));
  const body = described.map(([name, description]) => `  ${name.padEnd(width)}  ${description}`).join('\n');
  return [
    ...sections.slice(0, at),
    { body: command.summary },
    ...sections.slice(at, at + 1),
    ...(body === '' ? [] : [{ title: 'Arguments', body }]),
    ...sections.slice(at + 1),
  ];
}

function flagLines(command: Command): [string, string][] {
  const positional = new Set(command.positional);
  return flagsOf(fieldsOf(command.params))
    .filter((flag) => !positional.has(flag.name))
    .map((flag) => [shownFlag(flag, command.negatable ?? []), flag.description]);
}

function shownFlag({ name, shape, short }: Flag, negatable: readonly string[]): string {
  const value = placeholder(shape);
  const names = short === undefined ? `--${name}` : `-${short}, --${name}`;
  const shown = value === '' ? names : `${names} <${value}>`;
  return negatable.includes(name) ? `${shown} | --no-${name}` : shown;
}
