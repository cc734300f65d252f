// The built-ins that the prelude relies on, as they were before any script ran: a script may replace or break every
// one of them, and the prelude must go on. Nothing here looks a method up on a value at the time of the call.

/** The engine has more than the `es2023` library declares. */
interface ErrorWithBrand extends ErrorConstructor {
  isError(value: unknown): boolean;
}

/** `uncurry(method)(self, ...args)` is `method.call(self, ...args)`, without asking `method` for its `call`. */
export const uncurry = Function.prototype.bind.bind(Function.prototype.call) as unknown as <
  This,
  Args extends unknown[],
  Result,
>(
  method: (this: This, ...args: Args) => Result,
) => (self: This, ...args: Args) => Result;

/** The getter of a built-in's own property, uncurried. */
function getter<Result>(prototype: object, key: PropertyKey): (self: unknown) => Result {
  const descriptor = Reflect.getOwnPropertyDescriptor(prototype, key);
  if (descriptor?.get === undefined) throw new Error(`engine lacks the getter ${String(key)}`);
  return uncurry(descriptor.get as (this: unknown) => Result);
}

export const { apply, construct, ownKeys, getPrototypeOf, setPrototypeOf, defineProperty, deleteProperty } =
  Reflect;
export const getOwnPropertyDescriptor = Reflect.getOwnPropertyDescriptor;
export const { is: objectIs, keys: objectKeys, getOwnPropertySymbols: getOwnSymbols } = Object;
export const hasOwn: (value: object, key: PropertyKey) => boolean = Object.hasOwn;
export const isPrototypeOf: (prototype: object, value: object) => boolean = uncurry(
  Object.prototype.isPrototypeOf,
);
export const isEnumerable: (value: object, key: PropertyKey) => boolean = uncurry(
  Object.prototype.propertyIsEnumerable,
);

export const isArray: (value: unknown) => value is unknown[] = Array.isArray;
export const push: <Item>(list: Item[], item: Item) => number = uncurry(Array.prototype.push);
export const pop: <Item>(list: Item[]) => Item | undefined = uncurry(Array.prototype.pop);
export const splice: <Item>(list: Item[], start: number, count: number, ...items: Item[]) => Item[] = uncurry(
  Array.prototype.splice,
);
export const join: (list: readonly string[], separator: string) => string = uncurry(Array.prototype.join);
export const sort: <Item>(list: Item[], compare?: (left: Item, right: Item) => number) => Item[] = uncurry(
  Array.prototype.sort,
);

export const slice = uncurry(String.prototype.slice);
export const indexOf = uncurry(String.prototype.indexOf);
export const includes: (text: string, part: string) => boolean = uncurry(String.prototype.includes);
export const startsWith: (text: string, part: string) => boolean = uncurry(String.prototype.startsWith);
export const endsWith: (text: string, part: string) => boolean = uncurry(String.prototype.endsWith);
export const charCodeAt = uncurry(String.prototype.charCodeAt);
export const codePointAt = uncurry(String.prototype.codePointAt);
export const padStart = uncurry(String.prototype.padStart);
export const padEnd = uncurry(String.prototype.padEnd);
export const repeat = uncurry(String.prototype.repeat);
export const toLowerCase = uncurry(String.prototype.toLowerCase);
export const isWellFormed: (text: string) => boolean = uncurry(
  (String.prototype as unknown as { isWellFormed(this: string): boolean }).isWellFormed,
);
export const exec = uncurry(RegExp.prototype.exec);

export const { parse: parseJson, stringify: stringifyJson } = JSON;
export const { min, max, floor, round, sqrt } = Math;
export const { isFinite: isFiniteNumber, isNaN: isNaNNumber, parseInt, parseFloat } = Number;
export const toNumber: (value: unknown) => number = Number;
export const toText: (value: unknown) => string = String;
export const dateNow = Date.now;
export const toFixed = uncurry(Number.prototype.toFixed);
export const numberToString = uncurry(Number.prototype.toString);

const { Map: NativeMap, WeakMap: NativeWeakMap } = globalThis;
export const newMap = <Key, Value>(): Map<Key, Value> => new NativeMap<Key, Value>();
export const newWeakMap = <Key extends object, Value>(): WeakMap<Key, Value> =>
  new NativeWeakMap<Key, Value>();
export const mapGet: <Key, Value>(map: Map<Key, Value>, key: Key) => Value | undefined = uncurry(
  Map.prototype.get,
);
export const mapSet: <Key, Value>(map: Map<Key, Value>, key: Key, value: Value) => unknown = uncurry(
  Map.prototype.set,
);
export const mapDelete: <Key, Value>(map: Map<Key, Value>, key: Key) => boolean = uncurry(
  Map.prototype.delete,
);
export const mapClear: (map: Map<unknown, unknown>) => void = uncurry(Map.prototype.clear);
export const mapSize: (map: unknown) => number = getter(Map.prototype, 'size');
export const weakMapGet: <Value>(map: WeakMap<object, Value>, key: object) => Value | undefined = uncurry(
  WeakMap.prototype.get,
);
export const weakMapSet: <Value>(map: WeakMap<object, Value>, key: object, value: Value) => unknown = uncurry(
  WeakMap.prototype.set,
);

export const mapEntries: (map: unknown) => IterableIterator<[unknown, unknown]> = uncurry(
  Map.prototype.entries,
);
export const setValues: (set: unknown) => IterableIterator<unknown> = uncurry(Set.prototype.values);
export const setSize: (set: unknown) => number = getter(Set.prototype, 'size');
export const nextEntry: (iterator: unknown) => IteratorResult<[unknown, unknown]> = uncurry(
  new Map<unknown, unknown>().entries().next,
);
export const nextValue: (iterator: unknown) => IteratorResult<unknown> = uncurry(
  new Set<unknown>().values().next,
);

const resolvedPromise: Promise<undefined> = Promise.resolve(undefined);
const then: (promise: Promise<undefined>, job: () => void) => unknown = uncurry(
  Promise.prototype.then as (this: Promise<undefined>, job: () => void) => unknown,
);
/** Runs `job` after the code that runs now, before any timer. */
export const runSoon = (job: () => void): void => void then(resolvedPromise, job);

const typedArrayPrototype = Reflect.getPrototypeOf(Uint8Array.prototype) as object;

/** What only a built-in of the right kind answers; the others throw. They tell kinds apart (see `kinds.ts`). */
export const typedArrayTag: (value: unknown) => string | undefined = getter(
  typedArrayPrototype,
  Symbol.toStringTag,
);
export const typedArrayLength: (value: unknown) => number = getter(typedArrayPrototype, 'length');
export const typedArrayBuffer: (value: unknown) => ArrayBufferLike = getter(typedArrayPrototype, 'buffer');
export const typedArrayOffset: (value: unknown) => number = getter(typedArrayPrototype, 'byteOffset');
export const typedArrayBytes: (value: unknown) => number = getter(typedArrayPrototype, 'byteLength');
export const arrayBufferBytes: (value: unknown) => number = getter(ArrayBuffer.prototype, 'byteLength');
export const sharedBufferBytes: (value: unknown) => number = getter(
  SharedArrayBuffer.prototype,
  'byteLength',
);
export const viewBuffer: (value: unknown) => ArrayBufferLike = getter(DataView.prototype, 'buffer');
export const viewBytes: (value: unknown) => number = getter(DataView.prototype, 'byteLength');
export const viewOffset: (value: unknown) => number = getter(DataView.prototype, 'byteOffset');
export const isView = ArrayBuffer.isView;
export const isErrorObject = (Error as ErrorWithBrand).isError;
export const regExpSource: (value: unknown) => string = getter(RegExp.prototype, 'source');
export const regExpFlags: readonly [flag: string, read: (value: unknown) => boolean][] = [
  ['d', getter(RegExp.prototype, 'hasIndices')],
  ['g', getter(RegExp.prototype, 'global')],
  ['i', getter(RegExp.prototype, 'ignoreCase')],
  ['m', getter(RegExp.prototype, 'multiline')],
  ['s', getter(RegExp.prototype, 'dotAll')],
  ['u', getter(RegExp.prototype, 'unicode')],
  ['v', getter(RegExp.prototype, 'unicodeSets')],
  ['y', getter(RegExp.prototype, 'sticky')],
];
export const dateTime: (value: unknown) => number = uncurry(
  Date.prototype.getTime as (this: unknown) => number,
);
export const dateIso: (value: unknown) => string = uncurry(
  Date.prototype.toISOString as (this: unknown) => string,
);
export const numberOf: (value: unknown) => number = uncurry(
  Number.prototype.valueOf as (this: unknown) => number,
);
export const stringOf: (value: unknown) => string = uncurry(
  String.prototype.valueOf as (this: unknown) => string,
);
export const booleanOf: (value: unknown) => boolean = uncurry(
  Boolean.prototype.valueOf as (this: unknown) => boolean,
);
export const bigintOf: (value: unknown) => bigint = uncurry(
  BigInt.prototype.valueOf as (this: unknown) => bigint,
);
export const symbolOf: (value: unknown) => symbol = uncurry(
  Symbol.prototype.valueOf as (this: unknown) => symbol,
);
export const symbolText: (value: symbol) => string = uncurry(Symbol.prototype.toString);
export const weakMapHas: (value: unknown, key: object) => boolean = uncurry(
  WeakMap.prototype.has as (this: unknown, key: object) => boolean,
);
export const functionText: (value: unknown) => string = uncurry(
  Function.prototype.toString as (this: unknown) => string,
);
export const NativeUint8Array = Uint8Array;
export const NativeError = Error;
export const errorPrototype: object = Error.prototype;
export const objectPrototype: object = Object.prototype;
