// One property as `name: value`. Accessors are named, not run.
import { ownDescriptor } from '../read.js';
import type { Context } from './context.js';
import { formatKey } from './quote.js';

/** `item`: the value alone, as in an array. */
export type PropertyStyle = 'property' | 'item';

export function formatProperty(
  context: Context,
  holder: object,
  depth: number,
  key: PropertyKey,
  style: PropertyStyle,
  known?: PropertyDescriptor,
): string {
  const descriptor = known ?? ownDescriptor(holder, key);
  const text = valueText(context, descriptor, depth);
  if (style === 'item') return text;
  const name = formatKey(key, descriptor?.enumerable ?? true);
  context.room -= name.length;
  return `${name}: ${text}`;
}

function valueText(context: Context, descriptor: PropertyDescriptor | undefined, depth: number): string {
  if (descriptor?.get !== undefined) return descriptor.set === undefined ? '[Getter]' : '[Getter/Setter]';
  if (descriptor?.set !== undefined) return '[Setter]';
  context.indentation += 2;
  const text = context.format(context, descriptor?.value, depth);
  context.indentation -= 2;
  return text;
}
