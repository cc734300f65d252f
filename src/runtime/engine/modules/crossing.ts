// Arguments of a host call out of what the guest wrote (`guest/modules/crossing.ts`), and the answer back: JSON in which
// an array begins with what it is, large texts and bytes beside it. What comes in is parsed, and not trusted.
import type { HostArgument } from '../crossing-values.js';
import type { HostValue } from '../module-host.js';

/** What an array in the JSON is, by its first item. The guest has the same. */
const marks = { list: 0, undefined: 1, bytes: 2, number: 3, text: 4 } as const;
/** Deeper values are refused on either side. */
const maxDepth = 100;
/** Longer texts cross as they are: as JSON they would be copied twice more. */
const longText = 16 * 1024;

/** The arguments in this JSON; `extras` lie beside it. Throws for what the guest would not write. */
export function decodeArguments(text: string, extras: readonly HostArgument[]): HostValue[] {
  const values = decode(JSON.parse(text), extras, 0);
  if (!Array.isArray(values)) throw malformed('a list');
  return values;
}

const malformed = (expected: string): Error => new Error(`host call: expected ${expected} from the engine`);

function decode(value: unknown, extras: readonly HostArgument[], depth: number): HostValue {
  if (depth > maxDepth) throw malformed(`values at most ${maxDepth} deep`);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value !== 'object' || value === null) return null;
  if (Array.isArray(value)) return decodeArray(value, extras, depth);
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, decode(item, extras, depth + 1)]),
  );
}

function decodeArray(array: readonly unknown[], extras: readonly HostArgument[], depth: number): HostValue {
  const [mark, given] = array;
  switch (mark) {
    case marks.list:
      return array.slice(1).map((item) => decode(item, extras, depth + 1));
    case marks.undefined:
      return undefined;
    case marks.number:
      return Number(given);
    case marks.bytes:
    case marks.text: {
      const extra = extras[Number(given)];
      if (mark === marks.text ? typeof extra === 'string' : extra instanceof Uint8Array) return extra;
      throw malformed('what it says lies beside the arguments');
    }
    default:
      throw malformed('a marked array');
  }
}

/** An answer for the guest: the text or bytes that it gets at once, and the bytes that it asks for by their index. */
export interface EncodedAnswer {
  answer: string | Uint8Array | undefined;
  bytes: Uint8Array[];
}

/** Throws for what is no {@link HostValue}. */
export function encodeAnswer(value: HostValue): EncodedAnswer {
  if (value === undefined) return { answer: undefined, bytes: [] };
  if (value instanceof Uint8Array) return { answer: value, bytes: [] };
  if (typeof value === 'string' && value.length > longText && isPlain(value))
    return { answer: `s${value}`, bytes: [] };
  const bytes: Uint8Array[] = [];
  return { answer: `j${JSON.stringify(encode(value, bytes, 0))}`, bytes };
}

/** The binding ends a text at a NUL, and replaces half of a surrogate pair. */
const isPlain = (text: string): boolean => !text.includes('\0') && !/\p{Surrogate}/u.test(text);

function encode(value: HostValue, bytes: Uint8Array[], depth: number): unknown {
  if (depth > maxDepth) throw new Error(`host call: the answer is nested deeper than ${maxDepth}`);
  switch (typeof value) {
    case 'undefined':
      return [marks.undefined];
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : [marks.number, Object.is(value, -0) ? '-0' : String(value)];
    case 'string':
    case 'boolean':
      return value;
    case 'object':
      break;
    default:
      throw new Error(`host call: the answer holds a ${typeof value}`);
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return [marks.bytes, bytes.push(value) - 1];
  if (Array.isArray(value)) return [marks.list, ...value.map((item) => encode(item, bytes, depth + 1))];
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, encode(item, bytes, depth + 1)]),
  );
}
