// One record to aligned lines of `name  value`, nested ones under dotted names.
import type { Paint } from './paint.js';
import { visible } from './table.js';

/** A record in its own order; empty lists and objects are left out. */
export function formatRecord(record: Readonly<Record<string, unknown>>, paint: Paint): string[] {
  const entries = flatten(record, '');
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.flatMap(([name, text]) =>
    text.split('\n').map((line, at) => `${paint('cyan', (at === 0 ? name : '').padEnd(width))}  ${line}`),
  );
}

function flatten(value: unknown, name: string): [string, string][] {
  if (value === undefined) return [];
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    return value.some(isObject)
      ? value.flatMap((item, at) => flatten(item, `${name}[${at}]`))
      : [[name, value.map(scalarText).join(', ')]];
  }
  if (!isObject(value)) return [[name, scalarText(value)]];
  return Object.entries(value).flatMap(([key, item]) => flatten(item, name === '' ? key : `${name}.${key}`));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** A value as a cell shows it: text as it is, anything else as JSON. */
export function scalarText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return visible(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
