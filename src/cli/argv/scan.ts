// Command line words to positionals and flags with their text. Nothing is converted here: `1e3` stays what was typed.
// (cac's own parser turns such words into numbers, so it is given none of them.)
import { didYouMean } from '../../rpc/suggest.js';
import { UsageFault } from '../fault.js';
import { findFlag, type Flag } from './flag.js';

/** `text` is undefined for a bare boolean, `negated` where `--no-` stood before the name. */
export interface GivenFlag {
  flag: Flag;
  text: string | undefined;
  negated: boolean;
}

export interface Scanned {
  positionals: string[];
  given: GivenFlag[];
}

/** Splits `words`. Everything after `--` is a positional; so is what begins with one dash and is no flag, as `-1`. */
export function scan(words: readonly string[], flags: readonly Flag[]): Scanned {
  const scanned: Scanned = { positionals: [], given: [] };
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') {
      scanned.positionals.push(...words.slice(at + 1));
      break;
    }
    const written = writtenFlag(word, flags);
    if (written === undefined) {
      scanned.positionals.push(word);
      continue;
    }
    const given = recognise(written, flags);
    scanned.given.push(given);
    if (given.text !== undefined || given.negated || given.flag.shape.kind === 'boolean') continue;
    const value = words[at + 1];
    if (value === undefined || isKnown(value, flags)) {
      throw new UsageFault(`--${given.flag.name} needs a value`);
    }
    given.text = value;
    at += 1;
  }
  return scanned;
}

/** The words before the first `--` that are neither flags nor values of `flags`, at most `count` with their places. */
export function leadingWords(words: readonly string[], flags: readonly Flag[], count: number): number[] {
  const places: number[] = [];
  for (let at = 0; at < words.length && places.length < count; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') break;
    const written = writtenFlag(word, flags);
    if (written === undefined) {
      places.push(at);
      continue;
    }
    const flag = findFlag(flags, written.name);
    if (flag === undefined) break;
    if (flag.shape.kind !== 'boolean' && written.text === undefined) at += 1;
  }
  return places;
}

interface Written {
  name: string;
  text: string | undefined;
}

/** A map: a record would find `constructor` in its prototype, and that is a word like any other. */
const shortFlags: ReadonlyMap<string, string> = new Map([
  ['-h', 'help'],
  ['-v', 'version'],
]);

function writtenFlag(word: string, flags: readonly Flag[]): Written | undefined {
  const long =
    shortFlags.get(word) ?? flags.find(({ short }) => short !== undefined && word === `-${short}`)?.name;
  if (long !== undefined) return { name: long, text: undefined };
  const match = /^--([A-Za-z][^=\s]*)(?:=([^]*))?$/.exec(word);
  return match?.[1] === undefined ? undefined : { name: match[1], text: match[2] };
}

function recognise({ name, text }: Written, flags: readonly Flag[]): GivenFlag {
  const flag = findFlag(flags, name);
  if (flag !== undefined) return { flag, text, negated: false };
  const negated = name.startsWith('no-') ? findFlag(flags, name.slice(3)) : undefined;
  if (negated?.negatable && text === undefined) return { flag: negated, text, negated: true };
  const names = flags.map((known) => `--${known.name}`);
  const hint = didYouMean(`--${name}`, names) || '; write "--" before an argument that begins with dashes';
  throw new UsageFault(`unknown flag --${name}${hint}`);
}

function isKnown(word: string, flags: readonly Flag[]): boolean {
  const written = writtenFlag(word, flags);
  return written !== undefined && findFlag(flags, written.name) !== undefined;
}
