// The content of the built-in kinds that hold one thing: regular expressions, dates, boxed primitives, buffers.
import {
  arrayBufferBytes,
  bigintOf,
  booleanOf,
  dateIso,
  dateTime,
  isNaNNumber,
  numberOf,
  regExpFlags,
  regExpSource,
  sharedBufferBytes,
  stringOf,
  symbolOf,
  viewBuffer,
  viewBytes,
  viewOffset,
} from '../primordials.js';
import type { Kind } from '../kinds.js';
import type { Context } from './context.js';
import { bufferContents } from './entries.js';
import { kindName } from './naming.js';
import { scalarText } from './primitive.js';
import { quote } from './quote.js';

/** `/source/flags`, as the expression has them, whatever its class says. */
export function regExpText(value: object): string {
  let flags = '';
  for (let index = 0; index < regExpFlags.length; index++) {
    const entry = regExpFlags[index];
    if (entry?.[1](value) === true) flags += entry[0];
  }
  return `/${regExpSource(value)}/${flags}`;
}

export const dateText = (value: object): string =>
  isNaNNumber(dateTime(value)) ? 'Invalid Date' : dateIso(value);

/** `[Number: 1]`. */
export function boxedText(value: object, kind: Kind, constructor: string | null, tag: string): string {
  const type = kindName(kind, value);
  let text = `[${type}`;
  if (constructor !== type) text += constructor === null ? ' (null prototype)' : ` (${constructor})`;
  text += `: ${boxedContent(value, kind)}]`;
  if (tag !== '' && tag !== constructor) text += ` [${tag}]`;
  return text;
}

function boxedContent(value: object, kind: Kind): string {
  if (kind === 'string') return quote(stringOf(value));
  if (kind === 'number') return scalarText(numberOf(value));
  if (kind === 'boolean') return scalarText(booleanOf(value));
  return scalarText(kind === 'bigint' ? bigintOf(value) : symbolOf(value));
}

export const bufferEntries =
  (kind: Kind) =>
  (context: Context, value: object): string[] => {
    const bytes = kind === 'arrayBuffer' ? arrayBufferBytes(value) : sharedBufferBytes(value);
    return [bufferContents(context, value as ArrayBufferLike), `byteLength: ${bytes}`];
  };

export function viewEntries(context: Context, value: object, depth: number): string[] {
  context.indentation += 2;
  const buffer = context.format(context, viewBuffer(value), depth);
  context.indentation -= 2;
  return [`byteLength: ${viewBytes(value)}`, `byteOffset: ${viewOffset(value)}`, `buffer: ${buffer}`];
}
