// `console.table`: rows and columns of a collection in a frame, as Node's console draws it.
import {
  hasOwn,
  isArray,
  join,
  mapEntries,
  mapGet,
  mapSet,
  max,
  newMap,
  nextEntry,
  nextValue,
  objectKeys,
  push,
  repeat,
  setValues,
  toText,
} from '../primordials.js';
import { kindOf } from '../kinds.js';
import { isObject, ownProperty } from '../read.js';
import { defaultOptions } from '../inspect/context.js';
import { inspectWith } from '../inspect/inspect.js';
import { textWidth } from '../inspect/layout.js';

/** Rows shown at most: a frame of more is no help to anybody. */
const maxRows = 10_000;
const valuesHeading = 'Values';

interface Rows {
  heading: string;
  names: string[];
  values: unknown[];
  /** The keys of a map's entries. */
  keys: unknown[] | undefined;
}

/** The framed table; `undefined` for what is no collection. */
export function tableText(data: unknown, columns: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const rows = rowsOf(data);
  const table: string[][] = [withHead(rows.heading, rows.names)];
  if (rows.keys !== undefined) {
    push(table, withHead('Key', texts(rows.keys)));
    push(table, withHead(valuesHeading, texts(rows.values)));
    return draw(table);
  }
  const cells = newMap<string, string[]>();
  const headings: string[] = [];
  const addColumn = (name: string): string[] => {
    let column = mapGet(cells, name);
    if (column === undefined) {
      column = [];
      mapSet(cells, name, column);
      push(headings, name);
    }
    return column;
  };
  const chosen = isArray(columns) ? columns : undefined;
  for (let index = 0; chosen !== undefined && index < chosen.length; index++)
    addColumn(toText(chosen[index]));
  const values: string[] = [];
  let hasValues = false;
  for (let row = 0; row < rows.values.length; row++) {
    const item = rows.values[row];
    const isRow = isObject(item) && typeof item === 'object';
    push(values, isRow ? '' : cellText(item));
    hasValues ||= !isRow;
    const names = !isRow ? [] : chosen === undefined ? objectKeys(item) : headings;
    for (let index = 0; isRow && index < names.length; index++) {
      const name = names[index] as string;
      if (hasOwn(item, name)) addColumn(name)[row] = propertyText(item, name);
    }
  }
  for (let index = 0; index < headings.length; index++) {
    const column = mapGet(cells, headings[index] as string) ?? [];
    const filled: string[] = [];
    for (let row = 0; row < rows.values.length; row++) push(filled, column[row] ?? '');
    push(table, withHead(headings[index] as string, filled));
  }
  if (hasValues) push(table, withHead(valuesHeading, values));
  return draw(table);
}

function rowsOf(data: object): Rows {
  const names: string[] = [];
  const values: unknown[] = [];
  const kind = kindOf(data);
  if (kind === 'map' || kind === 'set') {
    const keys: unknown[] = [];
    const iterator = kind === 'map' ? mapEntries(data) : setValues(data);
    for (let row = 0; row < maxRows; row++) {
      const next = kind === 'map' ? nextEntry(iterator) : nextValue(iterator);
      if (next.done === true) break;
      push(names, `${row}`);
      push(keys, kind === 'map' ? (next.value as unknown[])[0] : undefined);
      push(values, kind === 'map' ? (next.value as unknown[])[1] : next.value);
    }
    const heading = '(iteration index)';
    return { heading, names, values, keys: kind === 'map' ? keys : undefined };
  }
  const keys = objectKeys(data);
  for (let row = 0; row < keys.length && row < maxRows; row++) {
    push(names, keys[row] as string);
    push(values, ownProperty(data, keys[row] as string)?.value);
  }
  return { heading: '(index)', names, values, keys: undefined };
}

function withHead(head: string, cells: readonly string[]): string[] {
  const column = [head];
  for (let index = 0; index < cells.length; index++) push(column, cells[index] as string);
  return column;
}

function texts(values: readonly unknown[]): string[] {
  const cells: string[] = [];
  for (let index = 0; index < values.length; index++) push(cells, cellText(values[index]));
  return cells;
}

function propertyText(row: object, name: string): string {
  const descriptor = ownProperty(row, name);
  return descriptor?.get === undefined ? cellText(descriptor?.value) : '[Getter]';
}

function cellText(value: unknown): string {
  const isLarge =
    typeof value === 'object' && value !== null && !isArray(value) && objectKeys(value).length > 2;
  const options = { ...defaultOptions, depth: isLarge ? -1 : 0, maxArrayLength: 3, breakLength: Infinity };
  return inspectWith(value, options);
}

/** Draws columns, each with its heading as the first cell. */
function draw(columns: readonly string[][]): string {
  const widths: number[] = [];
  for (let index = 0; index < columns.length; index++) {
    let width = 0;
    const column = columns[index] as string[];
    for (let row = 0; row < column.length; row++) width = max(width, textWidth(column[row] as string));
    push(widths, width + 2);
  }
  const rule = (left: string, middle: string, right: string): string => {
    const parts: string[] = [];
    for (let index = 0; index < widths.length; index++) push(parts, repeat('─', widths[index] as number));
    return left + join(parts, middle) + right;
  };
  const lines = [rule('┌', '┬', '┐')];
  const height = (columns[0] as string[]).length;
  for (let row = 0; row < height; row++) {
    const cells: string[] = [];
    for (let index = 0; index < columns.length; index++) {
      const cell = columns[index]?.[row] ?? '';
      push(cells, ` ${cell}${repeat(' ', (widths[index] as number) - textWidth(cell) - 1)}`);
    }
    push(lines, `│${join(cells, '│')}│`);
    if (row === 0) push(lines, rule('├', '┼', '┤'));
  }
  push(lines, rule('└', '┴', '┘'));
  return join(lines, '\n');
}
