// Small operations on strings that ask nothing of `String.prototype` or `RegExp.prototype` at the time of the call.
import { charCodeAt, indexOf, join, push, slice } from './primordials.js';

/** The parts of `text` between occurrences of `separator`. */
export function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (;;) {
    const end = indexOf(text, separator, start);
    if (end === -1) break;
    push(parts, slice(text, start, end));
    start = end + separator.length;
  }
  push(parts, slice(text, start));
  return parts;
}

/** `text` with every `part` replaced. */
export function replaceAll(text: string, part: string, replacement: string): string {
  return indexOf(text, part) === -1 ? text : join(split(text, part), replacement);
}

/** At most `maxChars` characters of `text`, and how many more there were. Surrogate pairs are not cut apart. */
export function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  const last = maxChars > 0 ? charCodeAt(text, maxChars - 1) : 0;
  const end = last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars;
  return `${slice(text, 0, end)}… ${text.length - end} more characters`;
}

/** `3 more items`, `1 more item`. */
export const more = (count: number, word: string): string => `${count} more ${word}${count > 1 ? 's' : ''}`;
