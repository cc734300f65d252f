// structuredClone, by the HTML standard: a deep copy of data, cycles and shared parts included. Of objects it copies
// what they hold, not what they are: classes and getters do not survive.
import type { Kind } from '../../kinds.js';
import { DOMException } from './dom-exception.js';

const errorTypes: Readonly<Record<string, ErrorConstructor>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

type ViewConstructor = new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayBufferView;

const viewTypes = Object.fromEntries(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
    Float32Array,
    Float64Array,
    // Newer than the library that this is checked against.
    Reflect.get(globalThis, 'Float16Array') as Float32ArrayConstructor,
  ].map((type) => [type.name, type as unknown as ViewConstructor]),
);

/** A copy of `value`; `transfer` names array buffers that move to the copy instead. */
export function structuredClone(value: unknown, options: { transfer?: Iterable<unknown> } = {}): unknown {
  const known = new Map<object, unknown>();
  const transferred = [...(options.transfer ?? [])];
  for (const item of transferred) {
    if (!(item instanceof ArrayBuffer))
      throw uncloneable('what is not an array buffer cannot be transferred');
    if (transferred.indexOf(item) !== transferred.lastIndexOf(item))
      throw uncloneable('an array buffer is transferred twice');
  }
  // Copied first and taken away last: an error in between changes nothing.
  const copy = clone(value, known);
  for (const item of transferred as (ArrayBuffer & { transfer?: () => ArrayBuffer })[]) item.transfer?.();
  return copy;
}

const uncloneable = (reason: string): DOMException =>
  new DOMException(`structuredClone: ${reason}`, 'DataCloneError');

function clone(value: unknown, known: Map<object, unknown>): unknown {
  if (typeof value === 'symbol') throw uncloneable(`${String(value)} cannot be cloned`);
  if (typeof value === 'function')
    throw uncloneable(`function ${value.name || '(anonymous)'} cannot be cloned`);
  if (typeof value !== 'object' || value === null) return value;
  if (known.has(value)) return known.get(value);
  const kind = tools.kindOf(value);
  const remember = <Copy extends object>(copy: Copy): Copy => {
    known.set(value, copy);
    return copy;
  };
  switch (kind) {
    case 'array': {
      const list = remember(new Array<unknown>((value as unknown[]).length));
      copyProperties(value, list, known);
      return list;
    }
    case 'map': {
      const copy = remember(new Map<unknown, unknown>());
      const entries = [...Map.prototype.entries.call(value as Map<unknown, unknown>)] as [unknown, unknown][];
      for (const [key, item] of entries) copy.set(clone(key, known), clone(item, known));
      return copy;
    }
    case 'set': {
      const copy = remember(new Set<unknown>());
      for (const item of [...Set.prototype.values.call(value as Set<unknown>)] as unknown[])
        copy.add(clone(item, known));
      return copy;
    }
    case 'error':
      return cloneError(value as Error, remember, known);
    case 'typedArray':
    case 'dataView':
      return remember(cloneView(value as ArrayBufferView, kind, known));
    case 'plain': {
      const copy = remember({});
      copyProperties(value, copy, known);
      return copy;
    }
    default:
      return remember(cloneContent(value, kind));
  }
}

/** Kinds that hold no other values. */
function cloneContent(value: object, kind: Kind): object {
  switch (kind) {
    case 'date':
      return new Date(Date.prototype.getTime.call(value));
    case 'regExp':
      return new RegExp((value as RegExp).source, (value as RegExp).flags);
    case 'arrayBuffer':
      return (value as ArrayBuffer).slice(0);
    case 'sharedArrayBuffer':
      return value;
    case 'number':
    case 'string':
    case 'boolean':
    case 'bigint':
      return Object(value.valueOf()) as object;
    default:
      throw uncloneable(`${value.constructor?.name ?? kind} cannot be cloned`);
  }
}

function copyProperties(from: object, to: object, known: Map<object, unknown>): void {
  for (const key of Object.keys(from)) {
    const value = clone((from as Record<string, unknown>)[key], known);
    Object.defineProperty(to, key, { value, writable: true, enumerable: true, configurable: true });
  }
}

function cloneView(view: ArrayBufferView, kind: Kind, known: Map<object, unknown>): ArrayBufferView {
  const buffer = clone(view.buffer, known) as ArrayBuffer;
  if (kind === 'dataView') return new DataView(buffer, view.byteOffset, view.byteLength);
  const tag = (view as Uint8Array)[Symbol.toStringTag] as string;
  const type = viewTypes[tag];
  if (type === undefined) throw uncloneable(`${tag} cannot be cloned`);
  return new type(buffer, view.byteOffset, (view as Uint8Array).length);
}

function cloneError(error: Error, remember: (copy: Error) => Error, known: Map<object, unknown>): Error {
  const type = errorTypes[error.name] ?? Error;
  const copy = remember(Object.hasOwn(error, 'message') ? new type(String(error.message)) : new type());
  Object.defineProperty(copy, 'stack', { value: error.stack, writable: true, configurable: true });
  if (Object.hasOwn(error, 'cause')) {
    Object.defineProperty(copy, 'cause', {
      value: clone(error.cause, known),
      writable: true,
      configurable: true,
    });
  }
  return copy;
}
