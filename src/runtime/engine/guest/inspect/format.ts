// `console.log`'s arguments into one text: format specifiers in the first, the others behind it.
// After Node's lib/internal/util/inspect.js (MIT).
import {
  charCodeAt,
  includes,
  parseFloat,
  parseInt,
  slice,
  stringifyJson,
  toNumber,
  toText,
} from '../primordials.js';
import { isError, messageOf } from '../errors.js';
import { textOfFunction } from '../native.js';
import { isObject, read } from '../read.js';
import { defaultOptions } from './context.js';
import { inspectWith } from './inspect.js';
import { scalarText } from './primitive.js';

const percent = 37;

/** What `console.log(...values)` prints. Runs a script's code where the specifiers `%s %d %j` ask for it, as Node. */
export function format(values: readonly unknown[]): string {
  const first = values[0];
  let text = '';
  let next = 0;
  if (typeof first === 'string') {
    if (values.length === 1) return first;
    next = 1;
    if (includes(first, '%')) {
      const filled = fill(first, values);
      text = filled.text;
      next = filled.next;
    } else {
      text = first;
    }
  }
  for (let index = next; index < values.length; index++) {
    const value = values[index];
    if (index > 0) text += ' ';
    text += typeof value === 'string' ? value : show(value);
  }
  return text;
}

const show = (value: unknown): string =>
  isObject(value) ? inspectWith(value, defaultOptions) : scalarText(value);

function fill(template: string, values: readonly unknown[]): { text: string; next: number } {
  let text = '';
  let copied = 0;
  let next = 1;
  for (let index = 0; index < template.length - 1; index++) {
    if (charCodeAt(template, index) !== percent) continue;
    const specifier = slice(template, index + 1, index + 2);
    let replacement: string | undefined;
    if (specifier === '%') replacement = '%';
    else if (next < values.length) replacement = convert(specifier, values[next]);
    if (replacement === undefined) continue;
    if (specifier !== '%') next++;
    text += slice(template, copied, index) + replacement;
    index++;
    copied = index + 1;
  }
  return { text: text + slice(template, copied), next };
}

/** The value as the specifier says; `undefined` for one that is none. */
function convert(specifier: string, value: unknown): string | undefined {
  switch (specifier) {
    case 's':
      return asString(value);
    case 'd':
      return asNumber(value, toNumber);
    case 'i':
      return asNumber(value, (number) => parseInt(number as string));
    case 'f':
      return typeof value === 'symbol' ? 'NaN' : scalarText(parseFloat(value as string));
    case 'j':
      return asJson(value);
    case 'o':
      return inspectWith(value, { ...defaultOptions, showHidden: true, depth: 4 });
    case 'O':
      return inspectWith(value, defaultOptions);
    case 'c':
      return '';
    default:
      return undefined;
  }
}

function asNumber(value: unknown, parse: (value: unknown) => number): string {
  if (typeof value === 'bigint') return scalarText(value);
  return typeof value === 'symbol' ? 'NaN' : scalarText(parse(value));
}

function asString(value: unknown): string {
  if (!isObject(value)) return typeof value === 'string' ? value : scalarText(value);
  if (typeof value !== 'function' && !hasOwnText(value))
    return inspectWith(value, { ...defaultOptions, depth: 0 });
  return toText(value);
}

/** Whether a script gave the object a `toString` of its own, so that `%s` means that one. */
function hasOwnText(value: object): boolean {
  const method = read(value, 'toString');
  return typeof method === 'function' && !includes(textOfFunction(method), '[native code]');
}

function asJson(value: unknown): string {
  try {
    return `${stringifyJson(value)}`;
  } catch (error) {
    if (isError(error) && includes(messageOf(error), 'circular')) return '[Circular]';
    throw error;
  }
}
