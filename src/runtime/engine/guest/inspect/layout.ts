// Entries into lines: on one line where they fit, in columns where they are many and short, else one to a line.
// After Node's lib/internal/util/inspect.js (MIT).
import {
  charCodeAt,
  codePointAt,
  exec,
  floor,
  includes,
  join,
  max,
  min,
  padEnd,
  padStart,
  push,
  repeat,
  round,
  sqrt,
} from '../primordials.js';
import type { Context } from './context.js';

/** One line holds at most so many columns. */
const maxColumns = 15;
/** Characters of one entry's share: Node's constants. */
const approximateHeight = 2.5;
const separatorSpace = 2;

/** How an object's entries are laid out: `array` ones may stand in columns. */
export type Layout = 'object' | 'array';

/**
 * Puts the entries between the braces.
 * @param base what stands before them, such as a function's name or an error's stack
 * @param items the array whose items the first entries are: numbers are aligned to the right
 */
export function layOut(
  context: Context,
  entries: string[],
  base: string,
  braces: readonly [string, string],
  layout: Layout,
  depth: number,
  items?: readonly unknown[],
): string {
  let output = entries;
  if (layout === 'array' && entries.length > 6) output = inColumns(context, entries, items);
  const lead = base === '' ? '' : `${base} `;
  if (context.currentDepth - depth < context.compact && entries.length === output.length) {
    const start = output.length + context.indentation + braces[0].length + base.length + 10;
    if (fitsOneLine(context, output, start, base)) {
      const joined = join(output, ', ');
      if (!includes(joined, '\n')) return `${lead}${braces[0]} ${joined} ${braces[1]}`;
    }
  }
  const indentation = `\n${repeat(' ', context.indentation)}`;
  return `${lead}${braces[0]}${indentation}  ${join(output, `,${indentation}  `)}${indentation}${braces[1]}`;
}

function fitsOneLine(context: Context, output: readonly string[], start: number, base: string): boolean {
  let length = output.length + start;
  if (length + output.length > context.breakLength) return false;
  for (let index = 0; index < output.length; index++) {
    length += (output[index] as string).length;
    if (length > context.breakLength) return false;
  }
  return base === '' || !includes(base, '\n');
}

function inColumns(context: Context, output: string[], items: readonly unknown[] | undefined): string[] {
  // The last entry may say how many more there are; it stands on a line of its own.
  const count = context.maxArrayLength < output.length ? output.length - 1 : output.length;
  const widths: number[] = [];
  let total = 0;
  let longest = 0;
  for (let index = 0; index < count; index++) {
    const width = textWidth(output[index] as string);
    push(widths, width);
    total += width + separatorSpace;
    longest = max(longest, width);
  }
  const widest = longest + separatorSpace;
  const roomy = widest * 3 + context.indentation < context.breakLength;
  if (!roomy || (total / widest <= 5 && longest > 6)) return output;
  const bias = sqrt(widest - total / output.length);
  const biasedMax = max(widest - 3 - bias, 1);
  const columns = min(
    round(sqrt(approximateHeight * biasedMax * count) / biasedMax),
    floor((context.breakLength - context.indentation) / widest),
    context.compact * 4,
    maxColumns,
  );
  if (columns <= 1) return output;
  const columnWidths: number[] = [];
  for (let column = 0; column < columns; column++) {
    let width = 0;
    for (let index = column; index < count; index += columns) width = max(width, widths[index] as number);
    push(columnWidths, width + separatorSpace);
  }
  const pad = items !== undefined && allNumbers(items, output.length) ? padStart : padEnd;
  const rows: string[] = [];
  for (let start = 0; start < count; start += columns) {
    const end = min(start + columns, count);
    let row = '';
    for (let index = start; index < end - 1; index++) {
      const entry = output[index] as string;
      const width = (columnWidths[index - start] as number) + entry.length - (widths[index] as number);
      row += pad(`${entry}, `, width, ' ');
    }
    const last = output[end - 1] as string;
    const width = (columnWidths[end - 1 - start] as number) + last.length - (widths[end - 1] as number);
    row += pad === padStart ? padStart(last, width - separatorSpace, ' ') : last;
    push(rows, row);
  }
  if (count < output.length) push(rows, output[count] as string);
  return rows;
}

function allNumbers(items: readonly unknown[], count: number): boolean {
  for (let index = 0; index < count; index++) {
    const kind = typeof items[index];
    if (kind !== 'number' && kind !== 'bigint') return false;
  }
  return true;
}

const ascii = /^[\x20-\x7e]*$/;

/** Columns of a terminal that the text takes: wide characters count twice, combining ones not at all. */
export function textWidth(text: string): number {
  if (exec(ascii, text) !== null) return text.length;
  let width = 0;
  for (let index = 0; index < text.length; index++) {
    const code = codePointAt(text, index) ?? charCodeAt(text, index);
    if (code > 0xffff) index++;
    if (isWide(code)) width += 2;
    else if (!isZeroWidth(code)) width += 1;
  }
  return width;
}

const isWide = (code: number): boolean =>
  code >= 0x1100 &&
  (code <= 0x115f ||
    (code >= 0x2e80 && code <= 0x3247 && code !== 0x303f) ||
    (code >= 0x3250 && code <= 0x4dbf) ||
    (code >= 0x4e00 && code <= 0xa4c6) ||
    (code >= 0xa960 && code <= 0xa97c) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6b) ||
    (code >= 0xff01 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd));

const isZeroWidth = (code: number): boolean =>
  code <= 0x1f ||
  (code >= 0x7f && code <= 0x9f) ||
  (code >= 0x300 && code <= 0x36f) ||
  (code >= 0x200b && code <= 0x200f) ||
  (code >= 0x20d0 && code <= 0x20ff) ||
  (code >= 0xfe00 && code <= 0xfe0f) ||
  (code >= 0xfe20 && code <= 0xfe2f) ||
  (code >= 0xe0100 && code <= 0xe01ef);
