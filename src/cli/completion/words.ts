// Commands to the words that a shell can offer after each of them.
import { flagsOf } from '../argv/flag.js';
import { fieldsOf } from '../argv/shape.js';
import type { Command } from '../command.js';
import { globalFlags } from '../context.js';

/** What may come after `words`; `''` is the beginning of the line. */
export interface Offer {
  words: string;
  items: readonly { text: string; summary: string }[];
  /** Whether ids of libraries may come after it as well: the script finds them in the cache. */
  libraries?: boolean;
}

/** Groups first, then the verbs of each group, then the flags of each command. */
export function offersOf(commands: readonly Command[]): Offer[] {
  const first = new Map<string, string>();
  const verbs = new Map<string, { text: string; summary: string }[]>();
  for (const { words, summary } of commands) {
    const [head = '', verb] = words.split(' ');
    if (verb === undefined) first.set(head, summary);
    else {
      first.set(head, `${head} commands`);
      verbs.set(head, [...(verbs.get(head) ?? []), { text: verb, summary }]);
    }
  }
  return [
    { words: '', items: [...first].map(([text, summary]) => ({ text, summary })) },
    ...[...verbs].map(([words, items]) => ({ words, items })),
    ...commands.map((command) => ({
      words: command.words,
      items: flagItems(command),
      libraries: command.positional?.includes('library') ?? false,
    })),
  ];
}

function flagItems(command: Command): { text: string; summary: string }[] {
  const positional = new Set(command.positional);
  const own = flagsOf(fieldsOf(command.params)).filter((flag) => !positional.has(flag.name));
  return [...own, ...globalFlags].map(({ name, description }) => {
    // These two are on by themselves.
    const off = name === 'start' || name === 'color' ? 'no-' : '';
    return { text: `--${off}${name}`, summary: description };
  });
}
