// Primitive values as Node prints them.
import { indexOf, join, objectIs, push, repeat, slice, symbolText } from '../primordials.js';
import { more } from '../text.js';
import type { Context } from './context.js';
import { quote } from './quote.js';

/** Shorter strings are never broken into lines. */
const minStringToBreak = 16;

/** A primitive as text; strings in quotes, long ones cut, those with line breaks on several lines. */
export function formatPrimitive(context: Context, value: unknown): string {
  const text = typeof value === 'string' ? formatString(context, value) : scalarText(value);
  context.room -= text.length;
  return text;
}

/** Every primitive but a string. */
export function scalarText(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return objectIs(value, -0) ? '-0' : `${value}`;
    case 'bigint':
      return `${value}n`;
    case 'symbol':
      return symbolText(value);
    default:
      return value === null ? 'null' : `${value as undefined | boolean}`;
  }
}

function formatString(context: Context, value: string): string {
  let text = value;
  let trailer = '';
  if (text.length > context.maxStringLength) {
    trailer = `... ${more(text.length - context.maxStringLength, 'character')}`;
    text = slice(text, 0, context.maxStringLength);
  }
  if (text.length <= minStringToBreak || text.length <= context.breakLength - context.indentation - 4) {
    return quote(text) + trailer;
  }
  const lines: string[] = [];
  for (let start = 0; start < text.length;) {
    const end = indexOf(text, '\n', start);
    const next = end === -1 ? text.length : end + 1;
    push(lines, quote(slice(text, start, next)));
    start = next;
  }
  return join(lines, ` +\n${repeat(' ', context.indentation + 2)}`) + trailer;
}
