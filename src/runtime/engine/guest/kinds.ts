// Which built-in kind of object a value is, by what only that kind answers; its class may say otherwise.
import {
  apply,
  arrayBufferBytes,
  bigintOf,
  booleanOf,
  dateTime,
  errorPrototype,
  getPrototypeOf,
  isArray,
  isErrorObject,
  isPrototypeOf,
  isView,
  mapGet,
  mapSet,
  mapSize,
  newMap,
  numberOf,
  objectPrototype,
  ownKeys,
  regExpFlags,
  setSize,
  sharedBufferBytes,
  stringOf,
  symbolOf,
  typedArrayTag,
} from './primordials.js';

export type Kind =
  | 'plain'
  | 'function'
  | 'array'
  | 'typedArray'
  | 'dataView'
  | 'error'
  | 'map'
  | 'set'
  | 'date'
  | 'regExp'
  | 'promise'
  | 'weakMap'
  | 'weakSet'
  | 'arrayBuffer'
  | 'sharedArrayBuffer'
  | 'number'
  | 'string'
  | 'boolean'
  | 'bigint'
  | 'symbol'
  /** State that no property shows: iterators, `WeakRef`, `URL` and the like. */
  | 'opaque';

interface Check {
  kind: Kind;
  /** Throws for a value of another kind. Without it the prototype is believed. */
  ask: ((value: unknown) => unknown) | undefined;
}

const byPrototype = newMap<object, Check>();
/** What a value may be whose prototype was taken away. To ask costs some 10 µs each: the engine makes an error. */
const checks: Check[] = [];

function know(prototype: object, kind: Kind, ask?: (value: unknown) => unknown): void {
  const check: Check = { kind, ask };
  mapSet(byPrototype, prototype, check);
  if (kind === 'map' || kind === 'set') checks.push(check);
}

function ancestor(value: object, steps: number): object {
  let holder = value;
  for (; steps > 0; steps--) holder = getPrototypeOf(holder) as object;
  return holder;
}

const weakMapGetMethod = WeakMap.prototype.get;
const weakSetHasMethod = WeakSet.prototype.has;
const probe = {};

know(Map.prototype, 'map', mapSize);
know(Set.prototype, 'set', setSize);
know(Date.prototype, 'date', dateTime);
know(RegExp.prototype, 'regExp', regExpFlags[0]?.[1]);
know(ArrayBuffer.prototype, 'arrayBuffer', arrayBufferBytes);
know(SharedArrayBuffer.prototype, 'sharedArrayBuffer', sharedBufferBytes);
know(WeakMap.prototype, 'weakMap', (value) => apply(weakMapGetMethod, value, [probe]));
know(WeakSet.prototype, 'weakSet', (value) => apply(weakSetHasMethod, value, [probe]));
know(Number.prototype, 'number', numberOf);
know(String.prototype, 'string', stringOf);
know(Boolean.prototype, 'boolean', booleanOf);
know(BigInt.prototype, 'bigint', bigintOf);
know(Symbol.prototype, 'symbol', symbolOf);
know(Promise.prototype, 'promise');
know(WeakRef.prototype, 'opaque');
know(FinalizationRegistry.prototype, 'opaque');
// The prototypes that all iterators and all async iterators share.
know(ancestor([][Symbol.iterator](), 2), 'opaque');
know(ancestor((async function* () {})(), 3), 'opaque');

/** Lets instances of a class of the prelude count as `opaque`. */
export const knowOpaque = (prototype: object): void => know(prototype, 'opaque');

/** The kind of an object or function. A proxy is `plain`, an array or a function. */
export function kindOf(value: object): Kind {
  if (typeof value === 'function') return 'function';
  if (isArray(value)) return 'array';
  if (isView(value)) return typedArrayTag(value) === undefined ? 'dataView' : 'typedArray';
  if (isErrorObject(value)) return 'error';
  let prototype = getPrototypeOf(value);
  if (prototype === objectPrototype) return 'plain';
  if (prototype === null) return kindWithoutPrototype(value);
  if (isPrototypeOf(errorPrototype, value)) return 'error';
  for (; prototype !== null; prototype = getPrototypeOf(prototype)) {
    const check = mapGet(byPrototype, prototype);
    if (check !== undefined) return answers(value, check) ? check.kind : 'plain';
  }
  return 'plain';
}

/** With properties it is a dictionary, as these objects mostly are. */
function kindWithoutPrototype(value: object): Kind {
  if (ownKeys(value).length > 0) return 'plain';
  for (let index = 0; index < checks.length; index++) {
    const check = checks[index];
    if (check !== undefined && answers(value, check)) return check.kind;
  }
  return 'plain';
}

function answers(value: object, check: Check): boolean {
  if (check.ask === undefined) return true;
  try {
    check.ask(value);
    return true;
  } catch {
    return false;
  }
}
