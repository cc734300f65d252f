// The prelude's own functions: marked as they are published, so that they look like built-ins (their text is not
// shown) and so that their getters, which run none of a script's code, may be run where a script's may not.
import {
  apply,
  defineProperty,
  functionText,
  getOwnPropertyDescriptor,
  newWeakMap,
  ownKeys,
  weakMapGet,
  weakMapHas,
  weakMapSet,
} from './primordials.js';

const names = newWeakMap<object, string>();

/** Whether the prelude published this function. */
export const isOurs = (value: object): boolean => weakMapHas(names, value);

/** Marks a function, and with a class all that hangs on it. Call it before scripts run or on what they never saw. */
export function markOurs(value: unknown): void {
  if (typeof value === 'function') {
    if (isOurs(value)) return;
    weakMapSet(names, value, value.name);
  } else if (typeof value !== 'object' || value === null) {
    return;
  }
  const keys = ownKeys(value);
  for (let index = 0; index < keys.length; index++) {
    const descriptor = getOwnPropertyDescriptor(value, keys[index] as PropertyKey);
    if (typeof descriptor?.get === 'function') markOurs(descriptor.get);
    if (typeof descriptor?.set === 'function') markOurs(descriptor.set);
    if (typeof descriptor?.value === 'function' || keys[index] === 'prototype') markOurs(descriptor?.value);
  }
}

/** Defines a property as the language's own are: writable, configurable, not enumerable. */
export function publish(target: object, key: PropertyKey, value: unknown): void {
  markOurs(value);
  defineProperty(target, key, {
    __proto__: null,
    value,
    writable: true,
    enumerable: false,
    configurable: true,
  } as PropertyDescriptor);
}

/** The text of a function as `Function.prototype.toString` says it: of ours, as of every built-in, no source. */
export function textOfFunction(value: unknown): string {
  const name = typeof value === 'function' ? weakMapGet(names, value) : undefined;
  return name === undefined ? functionText(value) : `function ${name}() {\n    [native code]\n}`;
}

/** Makes `Function.prototype.toString` keep the prelude's sources to itself. */
export function hideSources(): void {
  publish(
    Function.prototype,
    'toString',
    {
      toString(this: unknown): string {
        return textOfFunction(this);
      },
    }.toString,
  );
}

/** Calls a getter of ours. */
export const runOurGetter = (get: () => unknown, self: object): unknown => apply(get, self, []);
