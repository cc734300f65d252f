// What stands before an object's braces: its class, what it is where that differs, and its `Symbol.toStringTag`.
// After Node's lib/internal/util/inspect.js (MIT).
import {
  getPrototypeOf,
  hasOwn,
  indexOf,
  isEnumerable,
  slice,
  toLowerCase,
  typedArrayTag,
} from '../primordials.js';
import { isInstance, ownProperty, read, readOwn } from '../read.js';
import type { Kind } from '../kinds.js';
import type { Context } from './context.js';

const tagSymbol: typeof Symbol.toStringTag = Symbol.toStringTag;

const kindNames: Readonly<Record<Kind, string>> = {
  plain: 'Object',
  opaque: 'Object',
  function: 'Function',
  array: 'Array',
  typedArray: 'TypedArray',
  dataView: 'DataView',
  error: 'Error',
  map: 'Map',
  set: 'Set',
  date: 'Date',
  regExp: 'RegExp',
  promise: 'Promise',
  weakMap: 'WeakMap',
  weakSet: 'WeakSet',
  arrayBuffer: 'ArrayBuffer',
  sharedArrayBuffer: 'SharedArrayBuffer',
  number: 'Number',
  string: 'String',
  boolean: 'Boolean',
  bigint: 'BigInt',
  symbol: 'Symbol',
};

/** What a value of this kind is called where no class says it. */
export const kindName = (kind: Kind, value: object): string =>
  kind === 'typedArray' ? (typedArrayTag(value) ?? 'TypedArray') : kindNames[kind];

/** The class's name, `null` for an object without a prototype, and for a strange one also what its prototype is. */
export function constructorName(context: Context, value: object, kind: Kind, depth: number): string | null {
  let first: object | null | undefined;
  for (let holder: object | null = value; holder !== null; holder = getPrototypeOf(holder)) {
    const constructor: unknown = ownProperty(holder, 'constructor')?.value;
    if (typeof constructor === 'function' && isInstance(value, constructor)) {
      const name = readOwn(constructor, 'name');
      if (typeof name === 'string' && name !== '') return name;
    }
    if (first === undefined) first = getPrototypeOf(value);
  }
  if (first === null || first === undefined) return null;
  const name = kindName(kind, value);
  if (depth > (context.depth ?? Infinity)) return `${name} <Complex prototype>`;
  const inner = constructorName(context, first, 'plain', depth + 1);
  if (inner !== null) return `${name} <${inner}>`;
  return `${name} <[${kindNames.plain}: null prototype] {}>`;
}

/** The object's `Symbol.toStringTag`, where it says something that its properties do not show anyway. */
export function tagOf(context: Context, value: object, kind: Kind): string {
  if (kind === 'typedArray') return typedArrayTag(value) ?? '';
  const tag = read(value, tagSymbol);
  if (typeof tag !== 'string' || tag === '') return '';
  return (context.showHidden ? hasOwn(value, tagSymbol) : isEnumerable(value, tagSymbol)) ? '' : tag;
}

/** `Name(size) [Tag] `, with the space that follows it. */
export function prefix(constructor: string | null, tag: string, fallback: string, size = ''): string {
  if (constructor === null) {
    const plain = `[${fallback}${size}: null prototype] `;
    return tag !== '' && fallback !== tag ? `${plain}[${tag}] ` : plain;
  }
  const named = `${constructor}${size} `;
  if (tag === '') return named;
  const start = indexOf(constructor, tag);
  if (start === -1) return `${named}[${tag}] `;
  const next = slice(constructor, start + tag.length, start + tag.length + 1);
  // `Foo` in `Foobar` is not the same name, in `FooBar` it is.
  return next !== '' && next === toLowerCase(next) ? `${named}[${tag}] ` : named;
}

/** The prefix of an object that is shown as such, without a size. */
export function objectPrefix(constructor: string | null, tag: string, kind: Kind, value: object): string {
  const name = constructor === null ? kindName(kind, value) : '';
  return prefix(constructor, tag, constructor === null && name === tag ? 'Object' : name);
}
