// Which parts of an object are shown, by its kind: what stands before the braces, what comes first between them.
// After Node's lib/internal/util/inspect.js (MIT); unlike it, it believes no class about a kind.
import {
  hasOwn,
  isEnumerable,
  mapSize,
  setSize,
  splice,
  stringOf,
  typedArrayLength,
} from '../primordials.js';
import type { Kind } from '../kinds.js';
import { readOwn } from '../read.js';
import { boxedText, bufferEntries, dateText, regExpText, viewEntries } from './content.js';
import type { Context } from './context.js';
import { arrayEntries, mapEntriesText, setEntries, typedArrayEntries } from './entries.js';
import { errorBase } from './error.js';
import { functionBase } from './function.js';
import { keysOf, otherKeys } from './keys.js';
import type { Layout } from './layout.js';
import { kindName, prefix } from './naming.js';

const iteratorSymbol: typeof Symbol.iterator = Symbol.iterator;
const tagSymbol: typeof Symbol.toStringTag = Symbol.toStringTag;

/**
 * What an object is shown as. With neither entries nor keys it is `base`, or else the empty braces. Every field is
 * always there: a missing one would be looked for on `Object.prototype`.
 */
export interface Shape {
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

/** The shape of a value of this kind, class and tag. */
export function shapeOf(
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
