// A value as JSON text, where JSON can say all of it. Runs none of a script's code but traps of proxies: no toJSON,
// no getters; what is neither data nor a date has no JSON here.
import {
  dateIso,
  dateTime,
  isArray,
  isEnumerable,
  isFiniteNumber,
  isNaNNumber,
  join,
  ownKeys,
  pop,
  push,
  stringifyJson,
} from './primordials.js';
import { kindOf } from './kinds.js';
import { ownData } from './read.js';

/** Deeper values have no JSON: who reads it may recurse. */
const maxDepth = 200;

interface Writing {
  /** Characters that the text may still take. */
  room: number;
  /** The objects around the one that is being written. */
  around: object[];
}

/** The JSON text of `value`, at most `maxChars` long; `undefined` where it has none. */
export function toJson(value: unknown, maxChars: number): string | undefined {
  try {
    return write({ room: maxChars, around: [] }, value);
  } catch {
    // A proxy's trap threw.
    return undefined;
  }
}

function write(writing: Writing, value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.length > writing.room ? undefined : take(writing, stringifyJson(value));
    case 'number':
      return isFiniteNumber(value) ? take(writing, `${value}`) : undefined;
    case 'boolean':
      return take(writing, value ? 'true' : 'false');
    case 'object':
      return value === null ? take(writing, 'null') : writeObject(writing, value);
    default:
      return undefined;
  }
}

function take(writing: Writing, text: string): string | undefined {
  writing.room -= text.length;
  return writing.room < 0 ? undefined : text;
}

function writeObject(writing: Writing, value: object): string | undefined {
  const kind = kindOf(value);
  if (kind === 'date')
    return isNaNNumber(dateTime(value)) ? undefined : take(writing, stringifyJson(dateIso(value)));
  if (kind !== 'plain' && kind !== 'array') return undefined;
  const { around } = writing;
  if (around.length >= maxDepth || contains(around, value)) return undefined;
  push(around, value);
  const text = isArray(value) ? writeArray(writing, value) : writeProperties(writing, value);
  pop(around);
  return text;
}

function contains(list: readonly object[], item: object): boolean {
  for (let index = 0; index < list.length; index++) if (list[index] === item) return true;
  return false;
}

function writeArray(writing: Writing, array: readonly unknown[]): string | undefined {
  const { length } = array;
  // Each item takes a comma, and nothing but an item may be enumerable.
  if (length > writing.room) return undefined;
  const parts: string[] = [];
  for (let index = 0; index < length; index++) {
    const item = ownData(array, index);
    const part = item === undefined ? undefined : write(writing, item.value);
    if (part === undefined || take(writing, ',') === undefined) return undefined;
    push(parts, part);
  }
  return hasOthers(array, length) ? undefined : `[${join(parts, ',')}]`;
}

/** Whether an array has enumerable properties beside its items, such as the groups of a match. */
function hasOthers(array: readonly unknown[], length: number): boolean {
  const keys = ownKeys(array);
  // Items come first, then the text keys (of which `length` is one), then symbols.
  for (let index = length; index < keys.length; index++) {
    if (isEnumerable(array, keys[index] as PropertyKey)) return true;
  }
  return false;
}

function writeProperties(writing: Writing, value: object): string | undefined {
  const keys = ownKeys(value);
  const parts: string[] = [];
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as PropertyKey;
    if (!isEnumerable(value, key)) continue;
    const property = typeof key === 'string' ? ownData(value, key) : undefined;
    if (property === undefined) return undefined;
    if (property.value === undefined) continue;
    const name = take(writing, `${stringifyJson(key)}:`);
    const text = name === undefined ? undefined : write(writing, property.value);
    if (text === undefined || take(writing, ',') === undefined) return undefined;
    push(parts, name + text);
  }
  return `{${join(parts, ',')}}`;
}
