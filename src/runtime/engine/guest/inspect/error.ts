// Errors as Node prints them: the stack with the class in its header, then cause, errors and other properties.
// After Node's lib/internal/util/inspect.js (MIT).
import {
  endsWith,
  includes,
  indexOf,
  isArray,
  join,
  min,
  push,
  repeat,
  slice,
  splice,
  startsWith,
} from '../primordials.js';
import { isError, messageOf, nameOf, stackOf } from '../errors.js';
import { ownProperty } from '../read.js';
import { replaceAll, split } from '../text.js';
import type { Context } from './context.js';
import { prefix } from './naming.js';

/** At least so many equal lines at the end of an error's and its cause's stack are said once. */
const minCommonLines = 3;

/**
 * What stands for the error. `keys`, the properties to be shown after it, loses those that the text shows already
 * and gains `cause` and `errors`.
 */
export function errorBase(
  context: Context,
  error: object,
  constructor: string | null,
  tag: string,
  keys: PropertyKey[],
): string {
  let stack = stackOf(error);
  const name = nameOf(error);
  const message = messageOf(error);
  if (!context.showHidden) {
    drop(keys, 'stack');
    if (message === '' || includes(stack, message)) drop(keys, 'message');
    if (includes(stack, name)) drop(keys, 'name');
  }
  const cause = ownProperty(error, 'cause');
  if (cause !== undefined && find(keys, 'cause') === -1) push(keys, 'cause');
  if (isArray(ownProperty(error, 'errors')?.value) && find(keys, 'errors') === -1) push(keys, 'errors');
  stack = nameClass(stack, constructor, name, tag);
  const messageAt = message === '' ? -1 : indexOf(stack, message);
  const framesAt = indexOf(stack, '\n    at', messageAt === -1 ? 0 : messageAt + message.length);
  if (framesAt === -1) {
    stack = `[${stack}]`;
  } else {
    const lines = split(slice(stack, framesAt + 1), '\n');
    if (cause !== undefined && isError(cause.value)) shorten(lines, cause.value);
    stack = `${slice(stack, 0, framesAt)}\n${join(lines, '\n')}`;
  }
  if (context.indentation !== 0) stack = replaceAll(stack, '\n', `\n${repeat(' ', context.indentation)}`);
  return stack;
}

function find(keys: readonly PropertyKey[], key: PropertyKey): number {
  for (let index = 0; index < keys.length; index++) if (keys[index] === key) return index;
  return -1;
}

function drop(keys: PropertyKey[], key: PropertyKey): void {
  const index = find(keys, key);
  if (index !== -1) splice(keys, index, 1);
}

/** Puts the class into the header where the name there is another: `Failure [Error]: no`, `TypeError [E_BAD]: no`. */
function nameClass(stack: string, constructor: string | null, name: string, tag: string): string {
  const follows = slice(stack, name.length, name.length + 1);
  const isNamed =
    endsWith(name, 'Error') &&
    startsWith(stack, name) &&
    (follows === '' || follows === ':' || follows === '\n');
  if (constructor !== null && !isNamed) return stack;
  const start = slice(prefix(constructor, tag, isNamed ? name : 'Error'), 0, -1);
  if (start === name) return stack;
  const rest = isNamed ? slice(stack, name.length) : `: ${stack}`;
  return includes(start, name) ? start + rest : `${start} [${name}]${rest}`;
}

/** Replaces the lines that the cause's stack has as well. */
function shorten(lines: string[], cause: object): void {
  const causeStack = stackOf(cause);
  const framesAt = indexOf(causeStack, '\n    at');
  if (framesAt === -1) return;
  const causeLines = split(slice(causeStack, framesAt + 1), '\n');
  for (let at = 0; at < lines.length - minCommonLines; at++) {
    let position = -1;
    for (let index = 0; index < causeLines.length; index++) {
      if (causeLines[index] === lines[at]) {
        position = index;
        break;
      }
    }
    if (position === -1 || causeLines.length - position <= minCommonLines) continue;
    const longest = min(lines.length - at, causeLines.length - position);
    let length = 1;
    while (length < longest && lines[at + length] === causeLines[position + length]) length++;
    if (length <= minCommonLines) continue;
    splice(lines, at + 1, length - 2, `    ... ${length - 2} lines matching cause stack trace ...`);
    return;
  }
}
