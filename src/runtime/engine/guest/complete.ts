// Names that could follow the code before the cursor. Values are looked up by plain data properties alone: no
// getters and no calls, so that asking for completions never changes a session.
import {
  exec,
  getPrototypeOf,
  isArray,
  isView,
  join,
  mapGet,
  mapSet,
  max,
  newMap,
  ownKeys,
  push,
  slice,
  sort,
  startsWith,
  stringifyJson,
} from './primordials.js';
import { isObject, read } from './read.js';
import { split } from './text.js';

const maxItems = 200;
/** How much of the code before the cursor is looked at. */
const maxChars = 1000;
/** The own names of longer arrays are not listed: they are indices. */
const maxItemsListed = 1000;

const scope: object = globalThis;
const primitives: Readonly<Record<string, object | null>> = {
  __proto__: null,
  string: String.prototype,
  number: Number.prototype,
  boolean: Boolean.prototype,
  bigint: BigInt.prototype,
  symbol: Symbol.prototype,
};

const keywords = split(
  'async await break case catch class const continue debugger default delete do else export extends false finally for function if import in instanceof let new null of return static super switch this throw true try typeof undefined var void while with yield',
  ' ',
);

// Whatever is not ASCII may be part of a name: close enough, and the engine's Unicode tables would take pages.
/** The name being typed, at the end. */
const nameAtEnd = /(?:[A-Za-z_$\x80-\uffff][\w$\x80-\uffff]*)?$/;
/** `a.b[0]['c'].` at the end, not itself a part of a longer expression. */
const chainAtEnd =
  /(?<![\w$\x80-\uffff#@\\])(?<!(?<!\.\.)\.\s*)(?:[A-Za-z_$\x80-\uffff][\w$\x80-\uffff]*|'[^'\\\n]*'|"[^"\\\n]*")(?:\s*\??\.\s*[A-Za-z_$\x80-\uffff][\w$\x80-\uffff]*|\s*(?:\?\.\s*)?\[\s*(?:\d+|'[^'\\\n]*'|"[^"\\\n]*")\s*\])*\s*\??\.\s*$/;
/** Its first link, as a name, an index or a string. */
const firstLink =
  /^[\s?.[]*(?:([A-Za-z_$\x80-\uffff][\w$\x80-\uffff]*|\d+)|'([^'\\\n]*)'|"([^"\\\n]*)")[\s\]]*/;
const identifier = /^[A-Za-z_$\x80-\uffff][\w$\x80-\uffff]*$/;
const dotAtEnd = /(?<!\.\.)\.\s*$/;

/** `{items, replaces}`: the names that may follow `text`, and its end that they take the place of. Never throws. */
export function complete(text: string): string {
  let items: string[] = [];
  let typed = '';
  try {
    const tail = slice(text, max(0, text.length - maxChars));
    typed = exec(nameAtEnd, tail)?.[0] ?? '';
    const before = slice(tail, 0, tail.length - typed.length);
    items = exec(dotAtEnd, before) === null ? globalNames(typed) : memberNames(before, typed);
  } catch {
    // A proxy's trap threw: it has no names.
  }
  const texts: string[] = [];
  for (let index = 0; index < items.length && index < maxItems; index++) {
    push(texts, stringifyJson(items[index] as string));
  }
  return `{"items":[${join(texts, ',')}],"replaces":${stringifyJson(typed)}}`;
}

function globalNames(typed: string): string[] {
  const found = newNames(typed);
  const names = ownNames(scope);
  for (let index = 0; index < keywords.length; index++) push(names, keywords[index] as string);
  addNames(found, names);
  const prototype = getPrototypeOf(scope);
  if (prototype !== null) addChain(found, prototype);
  return found.names;
}

function memberNames(before: string, typed: string): string[] {
  const chain = exec(chainAtEnd, before)?.[0];
  if (chain === undefined) return [];
  const value = resolve(chain);
  const holder = isObject(value) ? value : primitives[typeof value];
  if (holder === undefined || holder === null) return [];
  const found = newNames(typed);
  addChain(found, holder);
  return found.names;
}

/** The value of a chain of names; `undefined` where a link is missing or is not a data property. */
function resolve(chain: string): unknown {
  let rest = chain;
  let value: unknown;
  for (let isFirst = true; ; isFirst = false) {
    const match = exec(firstLink, rest);
    if (match === null) return value;
    const text = match[2] ?? match[3];
    const name = match[1] ?? text ?? '';
    if (!isFirst) value = member(value, name);
    else if (text !== undefined) value = text;
    else value = name === 'this' ? scope : read(scope, name);
    rest = slice(rest, match[0].length);
  }
}

function member(value: unknown, name: string): unknown {
  if (isObject(value)) return read(value, name);
  const holder = primitives[typeof value];
  return holder === undefined || holder === null ? undefined : read(holder, name);
}

interface Names {
  typed: string;
  names: string[];
  known: Map<string, true>;
}

const newNames = (typed: string): Names => ({ typed, names: [], known: newMap() });

/** Adds the names of the object, then those of its prototype, and so on. */
function addChain(found: Names, first: object): void {
  for (let holder: object | null = first; holder !== null; holder = getPrototypeOf(holder)) {
    addNames(found, ownNames(holder));
  }
}

function ownNames(holder: object): string[] {
  const names: string[] = [];
  if ((isArray(holder) || isView(holder)) && (holder as ArrayLike<unknown>).length > maxItemsListed)
    return names;
  const keys = ownKeys(holder);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index];
    if (typeof key === 'string') push(names, key);
  }
  return names;
}

function addNames(found: Names, names: string[]): void {
  sort(names);
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    if (!startsWith(name, found.typed) || exec(identifier, name) === null || mapGet(found.known, name))
      continue;
    mapSet(found.known, name, true);
    push(found.names, name);
  }
}
