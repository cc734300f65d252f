// The words of a program's call, as the ledger shows it: `HOME= git log "a b"`.
import { isCommand } from '../capabilities/exec/words.js';

export interface Words {
  /** Names of variables that were set for it. */
  variables: string[];
  program: string | undefined;
  /** The first argument, where it is a plain word such as `log`: what programs of many parts call a command. */
  first: string | undefined;
}

/** Takes apart what `exec` writes into the ledger; its end may be cut off. */
export function wordsOf(target: string): Words {
  const words = target.match(/"(?:[^"\\]|\\.)*"?|\S+/g) ?? [];
  const start = words.findIndex((word) => !/^[A-Za-z_]\w*=$/.test(word));
  const variables = (start === -1 ? words : words.slice(0, start)).map((word) => word.slice(0, -1));
  const [program, first] = start === -1 ? [] : words.slice(start);
  return {
    variables,
    program: program === undefined ? undefined : unquoted(program),
    first: first !== undefined && isCommand(first) ? first : undefined,
  };
}

function unquoted(word: string): string | undefined {
  if (!word.startsWith('"')) return word;
  try {
    return String(JSON.parse(word));
  } catch {
    return undefined; // cut in its middle
  }
}
