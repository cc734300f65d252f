// An object into text: which of its parts are shown, and in which shape.
// After Node's lib/internal/util/inspect.js (MIT); unlike it, it runs no getter and believes no class about a kind.
import {
  arrayBufferBytes,
  bigintOf,
  booleanOf,
  dateIso,
  dateTime,
  getOwnSymbols,
  hasOwn,
  isEnumerable,
  isNaNNumber,
  mapGet,
  mapSize,
  numberOf,
  objectKeys,
  ownKeys,
  pop,
  push,
  regExpFlags,
  regExpSource,
  setSize,
  sharedBufferBytes,
  slice,
  sort,
  splice,
  stringOf,
  symbolOf,
  typedArrayLength,
  viewBuffer,
  viewBytes,
  viewOffset,
} from '../primordials.js';
import { kindOf, type Kind } from '../kinds.js';
import { readOwn } from '../read.js';
import type { Context } from './context.js';
import {
  arrayEntries,
  bufferContents,
  isIndex,
  mapEntriesText,
  mayHaveOtherKeys,
  setEntries,
  typedArrayEntries,
} from './entries.js';
import { errorBase } from './error.js';
import { functionBase } from './function.js';
import { layOut, type Layout } from './layout.js';
import { constructorName, kindName, objectPrefix, prefix, tagOf } from './naming.js';
import { scalarText } from './primitive.js';
import { formatProperty } from './property.js';
import { quote } from './quote.js';

const iteratorSymbol: typeof Symbol.iterator = Symbol.iterator;
const tagSymbol: typeof Symbol.toStringTag = Symbol.toStringTag;

/** What an object is shown as; every field is always there, whatever `Object.prototype` has. With neither entries nor keys it is `base`, or else the empty braces. */
interface Shape {
  /** Stands before the braces, or alone. */
  base: string;
  open: string;
  close: string;
  keys: PropertyKey[];
  layout: Layout;
  /** What comes before the properties. */
  entries: ((context: Context, value: object, depth: number) => string[]) | undefined;
  /** Whether `entries` gives none. */
  empty: boolean;
  /** Whether `base` is also what stands for the object where it is nested too deep. */
  terse: boolean;
}

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
      push(
        output,
        `... ${keys.length - index === 1 ? '1 more property' : `${keys.length - index} more properties`}`,
      );
      return;
    }
    push(output, formatProperty(context, value, depth, keys[index] as PropertyKey, 'property'));
  }
}

function shapeOf(
  context: Context,
  value: object,
  kind: Kind,
  constructor: string | null,
  tag: string,
): Shape {
  const braces = (open: string, keys = keysOf(context, value)): Shape => ({
    base: '',
    open,
    close: '}',
    keys,
    layout: 'object',
    entries: undefined,
    empty: true,
    terse: false,
  });
  const named = (size?: string) => `${prefix(constructor, tag, kindName(kind, value), size)}{`;
  const worded = (base: string, keys = keysOf(context, value)): Shape => ({ ...braces('{', keys), base });
  switch (kind) {
    case 'array': {
      const array = value as unknown[];
      const open =
        constructor === 'Array' && tag === '' ? '' : prefix(constructor, tag, 'Array', `(${array.length})`);
      const list = {
        ...braces(`${open}[`, otherKeys(context, value, array.length)),
        close: ']',
        layout: 'array' as const,
      };
      return {
        ...list,
        entries: (inner, _, depth) => arrayEntries(inner, array, depth),
        empty: array.length === 0,
      };
    }
    case 'typedArray': {
      const length = typedArrayLength(value);
      const open = `${prefix(constructor, tag, kindName(kind, value), `(${length})`)}[`;
      const list = {
        ...braces(open, otherKeys(context, value, length)),
        close: ']',
        layout: 'array' as const,
      };
      return { ...list, entries: typedArrayEntries, empty: length === 0 };
    }
    case 'set':
      return { ...braces(named(`(${setSize(value)})`)), entries: setEntries, empty: setSize(value) === 0 };
    case 'map':
      return {
        ...braces(named(`(${mapSize(value)})`)),
        entries: mapEntriesText,
        empty: mapSize(value) === 0,
      };
    case 'arrayBuffer':
    case 'sharedArrayBuffer':
      return { ...braces(named()), entries: bufferEntries(kind), empty: false };
    case 'dataView':
      return { ...braces(named()), entries: viewEntries, empty: false };
    case 'weakMap':
    case 'weakSet':
      return { ...braces(named()), entries: () => ['<items unknown>'], empty: false };
    case 'promise':
    case 'opaque':
    case 'plain':
      return plainShape(value, constructor, tag, braces);
    case 'function':
      return worded(functionBase(value, constructor, tag));
    case 'regExp':
      return { ...worded(withPrefix(regExpText(value), 'RegExp', constructor, tag)), terse: true };
    case 'date':
      return worded(withPrefix(dateText(value), 'Date', constructor, tag));
    case 'error': {
      const keys = keysOf(context, value);
      return worded(errorBase(context, value, constructor, tag, keys), keys);
    }
    case 'string': {
      const keys = keysOf(context, value);
      splice(keys, 0, stringOf(value).length);
      return worded(boxedText(value, kind, constructor, tag), keys);
    }
    case 'number':
    case 'boolean':
    case 'bigint':
    case 'symbol':
      return worded(boxedText(value, kind, constructor, tag));
  }
}

function plainShape(
  value: object,
  constructor: string | null,
  tag: string,
  braces: (open: string) => Shape,
): Shape {
  if (constructor === 'Object') {
    if (isArguments(value)) return braces('[Arguments] {');
    return braces(tag === '' ? '{' : `${prefix(constructor, tag, 'Object')}{`);
  }
  // A module's namespace says so in a tag of its own.
  const fallback = constructor === null && readOwn(value, tagSymbol) === 'Module' ? 'Module' : 'Object';
  return braces(`${prefix(constructor, fallback === 'Module' ? '' : tag, fallback)}{`);
}

const isArguments = (value: object): boolean =>
  hasOwn(value, iteratorSymbol) && hasOwn(value, 'callee') && !isEnumerable(value, 'callee');

const withPrefix = (text: string, usual: string, constructor: string | null, tag: string): string => {
  const start = prefix(constructor, tag, usual);
  return start === `${usual} ` ? text : start + text;
};

function regExpText(value: object): string {
  let flags = '';
  for (let index = 0; index < regExpFlags.length; index++) {
    const entry = regExpFlags[index];
    if (entry?.[1](value) === true) flags += entry[0];
  }
  return `/${regExpSource(value)}/${flags}`;
}

const dateText = (value: object): string => (isNaNNumber(dateTime(value)) ? 'Invalid Date' : dateIso(value));

function boxedText(value: object, kind: Kind, constructor: string | null, tag: string): string {
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

const bufferEntries =
  (kind: Kind) =>
  (context: Context, value: object): string[] => {
    const bytes = kind === 'arrayBuffer' ? arrayBufferBytes(value) : sharedBufferBytes(value);
    return [bufferContents(context, value as ArrayBufferLike), `byteLength: ${bytes}`];
  };

function viewEntries(context: Context, value: object, depth: number): string[] {
  context.indentation += 2;
  const buffer = context.format(context, viewBuffer(value), depth);
  context.indentation -= 2;
  return [`byteLength: ${viewBytes(value)}`, `byteOffset: ${viewOffset(value)}`, `buffer: ${buffer}`];
}

/** The properties that are shown: the enumerable ones, or all. */
function keysOf(context: Context, value: object): PropertyKey[] {
  if (context.showHidden) return ownKeys(value);
  const keys: PropertyKey[] = objectKeys(value);
  const symbols = getOwnSymbols(value);
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index] as symbol;
    if (isEnumerable(value, symbol)) push(keys, symbol);
  }
  return keys;
}

/** As {@link keysOf}, without the indices that an array's items show already. */
function otherKeys(context: Context, value: object, length: number): PropertyKey[] {
  const others: PropertyKey[] = [];
  if (!mayHaveOtherKeys(length)) return others;
  const keys = keysOf(context, value);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as PropertyKey;
    if (typeof key !== 'string' || !isIndex(key)) push(others, key);
  }
  return others;
}
