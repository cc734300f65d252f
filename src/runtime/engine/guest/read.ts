// Reading a value's properties without running a script's code: no getters, and nothing that a script
// puts on `Object.prototype` can fake. Traps of a proxy do run, and may throw.
import {
  getOwnPropertyDescriptor,
  getPrototypeOf,
  hasOwn,
  isPrototypeOf,
  setPrototypeOf,
} from './primordials.js';
import { isOurs, runOurGetter } from './native.js';

/** A descriptor that nothing on `Object.prototype` can add to. */
export type Property = Readonly<PropertyDescriptor>;

/** The own property; `undefined` where there is none. */
export function ownProperty(value: object, key: PropertyKey): Property | undefined {
  const descriptor = getOwnPropertyDescriptor(value, key);
  // What a descriptor has not would be looked for on its prototype.
  if (descriptor !== undefined) setPrototypeOf(descriptor, null);
  return descriptor;
}

/** The own property if it is a data property; `undefined` for an accessor or none. Faster than {@link ownProperty}. */
export function ownData(value: object, key: PropertyKey): Property | undefined {
  const descriptor = getOwnPropertyDescriptor(value, key);
  return descriptor !== undefined && hasOwn(descriptor, 'value') ? descriptor : undefined;
}

/** The value of an own data property; `undefined` where there is none or it is an accessor. */
export const readOwn = (value: object, key: PropertyKey): unknown => ownData(value, key)?.value;

/** The value of a data property, own or inherited. Of accessors only the prelude's own are asked. */
export function read(value: object, key: PropertyKey): unknown {
  for (let holder: object | null = value; holder !== null; holder = getPrototypeOf(holder)) {
    const descriptor = ownProperty(holder, key);
    if (descriptor === undefined) continue;
    if (descriptor.get === undefined) return descriptor.value;
    return isOurs(descriptor.get) ? runOurGetter(descriptor.get, value) : undefined;
  }
  return undefined;
}

export const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Whether `value` is an instance of the function, by prototypes alone: `Symbol.hasInstance` is not asked. */
export function isInstance(value: object, constructor: object): boolean {
  const prototype = readOwn(constructor, 'prototype');
  return isObject(prototype) && isPrototypeOf(prototype, value);
}

/** The name of the class that the value is an instance of; `undefined` where nothing says it. */
export function className(value: object): string | undefined {
  for (let holder: object | null = value; holder !== null; holder = getPrototypeOf(holder)) {
    if (!hasOwn(holder, 'constructor')) continue;
    const constructor = readOwn(holder, 'constructor');
    if (typeof constructor !== 'function') continue;
    const name = readOwn(constructor, 'name');
    if (typeof name === 'string' && name !== '' && isInstance(value, constructor)) return name;
  }
  return undefined;
}
