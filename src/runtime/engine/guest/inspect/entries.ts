// The entries of the built-in collections, each as text, and how many more there are past the limit.
// After Node's lib/internal/util/inspect.js (MIT).
import {
  NativeUint8Array,
  exec,
  mapEntries,
  mapSize,
  max,
  min,
  nextEntry,
  nextValue,
  numberToString,
  objectKeys,
  padStart,
  push,
  setSize,
  setValues,
  toNumber,
  typedArrayLength,
} from '../primordials.js';
import { more } from '../text.js';
import { ownProperty } from '../read.js';
import type { Context } from './context.js';
import { scalarText } from './primitive.js';
import { formatProperty } from './property.js';

const index = /^(?:0|[1-9][0-9]*)$/;

const moreItems = (count: number): string => `... ${more(count, 'item')}`;

/** An array's items; holes are counted. */
export function arrayEntries(context: Context, array: readonly unknown[], depth: number): string[] {
  const shown = min(max(0, context.maxArrayLength), array.length);
  const output: string[] = [];
  let at = 0;
  for (; at < shown && context.room > 0; at++) {
    const descriptor = ownProperty(array, at);
    if (descriptor === undefined) return sparseEntries(context, array, depth, shown, output, at);
    push(output, formatProperty(context, array, depth, at, 'item', descriptor));
  }
  if (at < array.length) push(output, moreItems(array.length - at));
  return output;
}

function sparseEntries(
  context: Context,
  array: readonly unknown[],
  depth: number,
  limit: number,
  output: string[],
  start: number,
): string[] {
  const keys = objectKeys(array);
  let next = start;
  for (let at = start; at < keys.length && output.length < limit; at++) {
    const key = keys[at] as string;
    const position = toNumber(key);
    if (exec(index, key) === null || position > 2 ** 32 - 2) break;
    if (position > next) {
      push(output, holes(position - next));
      next = position;
      if (output.length === limit) break;
    }
    push(output, formatProperty(context, array, depth, key, 'item'));
    next++;
  }
  const left = array.length - next;
  if (left > 0) push(output, output.length === limit ? moreItems(left) : holes(left));
  return output;
}

const holes = (count: number): string => `<${count} empty item${count > 1 ? 's' : ''}>`;

export function typedArrayEntries(context: Context, array: object): string[] {
  const length = typedArrayLength(array);
  const shown = min(max(0, context.maxArrayLength), length);
  const output: string[] = [];
  for (let at = 0; at < shown; at++) push(output, scalarText((array as ArrayLike<unknown>)[at]));
  if (length > shown) push(output, moreItems(length - shown));
  return output;
}

export function setEntries(context: Context, set: object, depth: number): string[] {
  const size = setSize(set);
  const shown = min(max(0, context.maxArrayLength), size);
  const output: string[] = [];
  const values = setValues(set);
  context.indentation += 2;
  while (output.length < shown && context.room > 0) {
    const next = nextValue(values);
    if (next.done === true) break;
    push(output, context.format(context, next.value, depth));
  }
  context.indentation -= 2;
  if (size > output.length) push(output, moreItems(size - output.length));
  return output;
}

export function mapEntriesText(context: Context, map: object, depth: number): string[] {
  const size = mapSize(map);
  const shown = min(max(0, context.maxArrayLength), size);
  const output: string[] = [];
  const entries = mapEntries(map);
  context.indentation += 2;
  while (output.length < shown && context.room > 0) {
    const next = nextEntry(entries);
    if (next.done === true) break;
    const key = context.format(context, next.value[0], depth);
    push(output, `${key} => ${context.format(context, next.value[1], depth)}`);
  }
  context.indentation -= 2;
  if (size > output.length) push(output, moreItems(size - output.length));
  return output;
}

/** The bytes of a buffer: `[Uint8Contents]: <01 ff>`. */
export function bufferContents(context: Context, buffer: ArrayBufferLike): string {
  const bytes = new NativeUint8Array(buffer);
  const length = typedArrayLength(bytes);
  const shown = min(max(0, context.maxArrayLength), length);
  let text = '';
  for (let at = 0; at < shown; at++) {
    text += (at === 0 ? '' : ' ') + padStart(numberToString(bytes[at] as number, 16), 2, '0');
  }
  if (length > shown) text += ` ... ${more(length - shown, 'byte')}`;
  return `[Uint8Contents]: <${text}>`;
}

/** Past this many items, an array's other properties are not looked for: listing its keys would cost too much. */
const maxLengthForKeys = 10_000;

/** Whether a property's name is an index of the array, which its items show already. */
export const isIndex = (key: string): boolean => exec(index, key) !== null && toNumber(key) < 2 ** 32 - 1;

export const mayHaveOtherKeys = (length: number): boolean => length <= maxLengthForKeys;
