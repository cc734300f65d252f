// An object into text: its parts, each as text, laid out between its braces.
// After Node's lib/internal/util/inspect.js (MIT); unlike it, it runs no getter.
import { mapGet, pop, push, slice, sort } from '../primordials.js';
import { kindOf } from '../kinds.js';
import type { Context } from './context.js';
import { layOut } from './layout.js';
import { constructorName, objectPrefix, tagOf } from './naming.js';
import { formatProperty } from './property.js';
import { shapeOf } from './shape.js';

/** Shows an object or function that is not being shown already. */
export function formatObject(context: Context, value: object, depth: number): string {
  const kind = kindOf(value);
  const constructor = constructorName(context, value, kind, depth);
  const tag = tagOf(context, value, kind);
  const shape = shapeOf(context, value, kind, constructor, tag);
  const tooDeep = depth > (context.depth ?? Infinity);
  if (shape.empty && shape.keys.length === 0)
    return shape.base === '' ? shape.open + shape.close : shape.base;
  if (tooDeep) {
    if (shape.terse) return shape.base;
    const name = slice(objectPrefix(constructor, tag, kind, value), 0, -1);
    return constructor === null ? name : `[${name}]`;
  }
  push(context.seen, value);
  context.currentDepth = depth + 1;
  const output = shape.entries === undefined || shape.empty ? [] : shape.entries(context, value, depth + 1);
  const count = output.length;
  addProperties(context, value, depth + 1, shape.keys, output);
  pop(context.seen);
  if (context.sorted && count === 0) sort(output);
  const reference = context.circular === undefined ? undefined : mapGet(context.circular, value);
  let { base, open } = shape;
  if (reference !== undefined) {
    if (base === '') open = `<ref *${reference}> ${open}`;
    else base = `<ref *${reference}> ${base}`;
  }
  const items = kind === 'array' || kind === 'typedArray' ? (value as unknown[]) : undefined;
  return layOut(context, output, base, [open, shape.close], shape.layout, depth + 1, items);
}

function addProperties(
  context: Context,
  value: object,
  depth: number,
  keys: PropertyKey[],
  output: string[],
): void {
  for (let index = 0; index < keys.length; index++) {
    if (context.room <= 0) {
      const left = keys.length - index;
      push(output, left === 1 ? '... 1 more property' : `... ${left} more properties`);
      return;
    }
    push(output, formatProperty(context, value, depth, keys[index] as PropertyKey, 'property'));
  }
}
