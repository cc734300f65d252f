// What the host failed with into an Error of the session: with its name, its message and its fields, as Node's have.
import { construct, defineProperty, hasOwn, objectKeys, parseJson, slice } from '../primordials.js';

const classes: Readonly<Record<string, ErrorConstructor>> = {
  __proto__: null,
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
} as unknown as Record<string, ErrorConstructor>;

interface Fault {
  name: string;
  message: string;
  /** `code`, `syscall`, `path` and the like. */
  fields: Record<string, string | number | boolean>;
  /** The line `    at …` that the error points at. */
  frame?: string;
}

function define(target: object, key: string, value: unknown, enumerable: boolean): void {
  defineProperty(target, key, {
    __proto__: null,
    value,
    writable: true,
    enumerable,
    configurable: true,
  } as PropertyDescriptor);
}

/** The error of an answer: `e` and its JSON. */
export function makeFault(answer: string): Error {
  const { name, message, fields, frame } = parseJson(slice(answer, 1)) as Fault;
  const known = hasOwn(classes, name) ? classes[name] : undefined;
  const error = construct(known ?? (classes['Error'] as ErrorConstructor), [message]) as Error;
  if (known === undefined) define(error, 'name', name, false);
  const keys = objectKeys(fields);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string;
    define(error, key, fields[key], true);
  }
  if (frame !== undefined) define(error, 'stack', `${name}: ${message}\n${frame}`, false);
  return error;
}
