// Values of a script into what crosses to the host, and back: JSON in which an array begins with what it is, large
// texts and bytes beside it. Runs none of a script's code but traps of proxies: getters are refused, `toJSON` ignored.
import {
  construct,
  includes,
  isArray,
  isEnumerable,
  isFiniteNumber,
  isView,
  isWellFormed,
  join,
  NativeUint8Array,
  objectIs,
  objectKeys,
  ownKeys,
  parseJson,
  pop,
  push,
  slice,
  splice,
  stringifyJson,
  typedArrayBuffer,
  typedArrayTag,
  viewBuffer,
  viewBytes,
  viewOffset,
  typedArrayBytes,
  typedArrayOffset,
} from '../primordials.js';
import { kindOf } from '../kinds.js';
import { ownData } from '../read.js';
import type { Ask } from './host-link.js';
import { makeFault } from './fault.js';

const NativeTypeError = TypeError;

/** Deeper values are refused: whoever reads them on the other side may recurse. */
const maxDepth = 100;
/** Characters of JSON that one call may hand over, large texts and bytes not counted. */
const maxChars = 16 * 1024 * 1024;
/** Longer texts cross as they are: as JSON they would be copied twice more. */
const longText = 16 * 1024;

/** What an array in the JSON is, by its first item. */
const marks = { list: 0, undefined: 1, bytes: 2, number: 3, text: 4 } as const;

interface Writing {
  /** For messages: whose argument it is. */
  name: string;
  chars: number;
  /** The objects around the one that is being written. */
  around: object[];
  /** What crosses beside the JSON. */
  extras: (string | ArrayBuffer)[];
}

/** Calls the host's function `name` of the module `id`; throws what it throws. */
export function callHost(ask: Ask, id: string, name: string, args: readonly unknown[]): unknown {
  const writing: Writing = { name, chars: 0, around: [], extras: [] };
  const list: (string | ArrayBuffer)[] = [id, name, writeItems(writing, args)];
  for (let index = 0; index < writing.extras.length; index++) push(list, writing.extras[index] as string);
  return read(ask, ask('call', list));
}

function refuse({ name }: Writing, what: string): never {
  throw new NativeTypeError(`${name}: ${what} cannot be handed to the host`);
}

function take(writing: Writing, text: string): string {
  writing.chars += text.length;
  if (writing.chars > maxChars) refuse(writing, `more than ${maxChars} characters of data`);
  return text;
}

function write(writing: Writing, value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return take(writing, `[${marks.undefined}]`);
    case 'string':
      return writeText(writing, value);
    case 'number':
      if (isFiniteNumber(value) && !objectIs(value, -0)) return take(writing, `${value}`);
      return take(writing, `[${marks.number},"${objectIs(value, -0) ? '-0' : value}"]`);
    case 'boolean':
      return take(writing, value ? 'true' : 'false');
    case 'object':
      return value === null ? take(writing, 'null') : writeObject(writing, value);
    default:
      return refuse(writing, `a ${typeof value}`);
  }
}

function writeText(writing: Writing, text: string): string {
  const plain = text.length > longText && isWellFormed(text) && !includes(text, '\0');
  return take(writing, plain ? besides(writing, marks.text, text) : stringifyJson(text));
}

function besides({ extras }: Writing, mark: number, extra: string | ArrayBuffer): string {
  push(extras, extra);
  return `[${mark},${extras.length - 1}]`;
}

function writeObject(writing: Writing, value: object): string {
  if (isView(value)) return writeBytes(writing, wholeView(value));
  const kind = kindOf(value);
  if (kind === 'arrayBuffer' || kind === 'sharedArrayBuffer')
    return writeBytes(writing, construct(NativeUint8Array, [value]) as Uint8Array);
  if (kind !== 'plain' && kind !== 'array') refuse(writing, `a value of the kind ${kind}`);
  const { around } = writing;
  if (around.length >= maxDepth) refuse(writing, `a value nested deeper than ${maxDepth}`);
  for (let index = 0; index < around.length; index++) {
    if (around[index] === value) refuse(writing, 'a value that contains itself');
  }
  push(around, value);
  const text = isArray(value) ? writeItems(writing, value) : writeProperties(writing, value);
  pop(around);
  return text;
}

function writeItems(writing: Writing, items: readonly unknown[]): string {
  const parts: string[] = [take(writing, `${marks.list}`)];
  const { length } = items;
  for (let index = 0; index < length; index++) push(parts, write(writing, ownData(items, index)?.value));
  return `[${join(parts, ',')}]`;
}

function writeProperties(writing: Writing, value: object): string {
  const keys = ownKeys(value);
  const parts: string[] = [];
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index];
    if (typeof key !== 'string' || !isEnumerable(value, key)) continue;
    const property = ownData(value, key);
    if (property === undefined) refuse(writing, `the getter ${stringifyJson(key)}`);
    push(parts, take(writing, `${stringifyJson(key)}:`) + write(writing, property.value));
  }
  return `{${join(parts, ',')}}`;
}

/** The bytes of any view. */
function wholeView(view: ArrayBufferView): Uint8Array {
  const isTyped = typedArrayTag(view) !== undefined;
  const place = isTyped
    ? [typedArrayBuffer(view), typedArrayOffset(view), typedArrayBytes(view)]
    : [viewBuffer(view), viewOffset(view), viewBytes(view)];
  return construct(NativeUint8Array, place) as Uint8Array;
}

/** The host reads whole buffers of their own. */
function writeBytes(writing: Writing, bytes: Uint8Array): string {
  const copy = construct(NativeUint8Array, [bytes]) as Uint8Array;
  return take(writing, besides(writing, marks.bytes, typedArrayBuffer(copy) as ArrayBuffer));
}

/** What the host answered: a marked text, bytes, or nothing. */
function read(ask: Ask, answer: unknown): unknown {
  if (typeof answer !== 'string') return answer === undefined ? undefined : bytesOf(answer as ArrayBuffer);
  if (answer[0] === 'e') throw makeFault(answer);
  const text = slice(answer, 1);
  return answer[0] === 's' ? text : revive(ask, parseJson(text));
}

const bytesOf = (buffer: ArrayBuffer): unknown => construct(NativeUint8Array, [buffer]);

function revive(ask: Ask, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!isArray(value)) {
    const holder = value as Record<string, unknown>;
    const keys = objectKeys(holder);
    // All are own data properties, `__proto__` too: assigning runs no code.
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] as string;
      holder[key] = revive(ask, holder[key]);
    }
    return holder;
  }
  switch (value[0]) {
    case marks.undefined:
      return undefined;
    case marks.bytes: {
      const bytes = ask('bytes', [value[1] as number]);
      return bytesOf(bytes as ArrayBuffer);
    }
    case marks.number:
      return value[1] === 'NaN'
        ? NaN
        : value[1] === '-0'
          ? -0
          : value[1] === 'Infinity'
            ? Infinity
            : -Infinity;
    default:
      splice(value, 0, 1);
      for (let index = 0; index < value.length; index++) value[index] = revive(ask, value[index]);
      return value;
  }
}
