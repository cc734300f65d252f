// One property as `name: value`. Accessors are named, not run.
import { ownProperty, type Property } from '../read.js';
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
  known?: Property,
): string {
  const property = known ?? ownProperty(holder, key);
  const text = valueText(context, property, depth);
  if (style === 'item') return text;
  const name = formatKey(key, property?.enumerable ?? true);
  context.room -= name.length;
  return `${name}: ${text}`;
}

function valueText(context: Context, property: Property | undefined, depth: number): string {
  if (property?.get !== undefined) return property.set === undefined ? '[Getter]' : '[Getter/Setter]';
  if (property?.set !== undefined) return '[Setter]';
  context.indentation += 2;
  const text = context.format(context, property?.value, depth);
  context.indentation -= 2;
  return text;
}
