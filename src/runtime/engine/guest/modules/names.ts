// The names under which what a module exports can be imported.
import { exec, isEnumerable, ownKeys, push, sort } from '../primordials.js';
import { isObject } from '../read.js';

/** More names than any library has; each becomes a variable of the module that `import` makes of it. */
const maxNames = 5000;
const identifier = /^[A-Za-z_$][\w$]*$/;
/** The enumerable own names of a value that can follow `import {`, `default` and the mark of a turned module aside, sorted. */
export function exportNames(value: unknown): string[] {
  const names: string[] = [];
  if (!isObject(value)) return names;
  const keys = ownKeys(value);
  for (let index = 0; index < keys.length && names.length < maxNames; index++) {
    const key = keys[index];
    if (typeof key !== 'string' || exec(identifier, key) === null) continue;
    if (key === 'default' || key === '__esModule') continue;
    if (isEnumerable(value, key)) push(names, key);
  }
  return sort(names);
}

/** The value of a property of a value; `undefined` where its getter throws. */
export function readExport(value: unknown, name: string): unknown {
  try {
    return isObject(value) ? getProperty(value, name) : undefined;
  } catch {
    return undefined;
  }
}

const getProperty = Reflect.get as (target: object, key: string) => unknown;
