// What there is to say of a thrown value, read without running its code: name, message and a stack like V8's.
import {
  defineProperty,
  errorPrototype,
  getPrototypeOf,
  isErrorObject,
  isPrototypeOf,
  splice,
} from './primordials.js';
import { className, isObject, ownProperty, read, readOwn } from './read.js';
import { cleanFrames, isRawStack } from './stack.js';

export const isError = (value: unknown): value is object =>
  isObject(value) && (isErrorObject(value) || isPrototypeOf(errorPrototype, value));

/** The error's name, as `Error.prototype.toString` would take it; its class where the name is no text. */
export function nameOf(error: object): string {
  const name = read(error, 'name');
  if (typeof name === 'string') return name;
  return isError(error) ? (className(error) ?? 'Error') : 'Error';
}

export function messageOf(error: object): string {
  const message = read(error, 'message');
  return typeof message === 'string' ? message : '';
}

/** `Name: message`, or either of them where the other is empty. */
export function headerOf(error: object): string {
  const name = nameOf(error);
  const message = messageOf(error);
  if (name === '' || message === '') return name === '' ? message : name;
  return `${name}: ${message}`;
}

/**
 * The error's stack with its header. One that the engine made is put into this shape in the error itself, so that
 * a script that prints `error.stack` later sees the same.
 */
export function stackOf(error: object): string {
  const descriptor = ownProperty(error, 'stack');
  const stack: unknown = descriptor?.value;
  if (typeof stack !== 'string') return headerOf(error);
  if (!isRawStack(stack)) return stack;
  const text =
    headerOf(error) + cleanFrames(stack, { through: undefined, constructors: constructorsOf(error) });
  if (descriptor?.configurable === true) setStack(error, text);
  return text;
}

/** The names of the error's classes but the built-in ones, the base first: the order in which they were called. */
function constructorsOf(error: object): string[] {
  const names: string[] = [];
  for (
    let holder = getPrototypeOf(error);
    holder !== null && holder !== errorPrototype;
    holder = getPrototypeOf(holder)
  ) {
    const constructor = readOwn(holder, 'constructor');
    const name = isObject(constructor) ? readOwn(constructor, 'name') : undefined;
    if (typeof name === 'string') splice(names, 0, 0, name);
  }
  return names;
}

/** Gives `error` an own `stack`, as engines define it. */
export function setStack(error: object, stack: string): void {
  defineProperty(error, 'stack', {
    __proto__: null,
    value: stack,
    writable: true,
    enumerable: false,
    configurable: true,
  } as PropertyDescriptor);
}
