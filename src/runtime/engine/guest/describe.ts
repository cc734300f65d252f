// What the host is told of a value or of what was thrown, as JSON text. Never throws, but out of memory.
import {
  endsWith,
  isArray,
  isFiniteNumber,
  objectIs,
  slice,
  startsWith,
  stringifyJson,
} from './primordials.js';
import { isError, messageOf, nameOf } from './errors.js';
import { kindOf } from './kinds.js';
import { toJson } from './json.js';
import { className } from './read.js';
import { defaultOptions } from './inspect/context.js';
import { inspectWith } from './inspect/inspect.js';
import { cut } from './text.js';

/** Beyond what is asked for: the layout may shorten what was produced. */
const spareRoom = 1024;
const maxTypeChars = 100;
/** An error's texts: enough for every message and a chain of causes. */
const maxErrorChars = 64 * 1024;

/** `{type, preview, json?}` of a value; the texts are at most about `maxChars` characters long. */
export function describe(value: unknown, maxChars: number): string {
  // The usual answers at a prompt, without the machinery.
  if (value === undefined) return '{"type":"undefined","preview":"undefined"}';
  if (typeof value === 'number' && isFiniteNumber(value) && !objectIs(value, -0) && maxChars > 30) {
    return `{"type":"number","preview":"${value}","json":${value}}`;
  }
  const preview = cut(previewOf(value, maxChars), maxChars);
  const json = toJson(value, maxChars);
  const said = `{"type":${stringifyJson(cut(typeOf(value), maxTypeChars))},"preview":${stringifyJson(preview)}`;
  return json === undefined ? `${said}}` : `${said},"json":${json}}`;
}

const previewOf = (value: unknown, maxChars: number): string =>
  inspectWith(value, defaultOptions, maxChars + spareRoom);

/** `typeof`, `null`, `array`, `promise`, or the name of the class; `object` for one without. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  try {
    if (isArray(value)) return 'array';
    if (kindOf(value) === 'promise') return 'promise';
    const name = className(value);
    return name === undefined || name === 'Object' ? 'object' : name;
  } catch {
    // A proxy's trap threw.
    return 'object';
  }
}

/**
 * `{name, message, stack?}` of what was thrown; only an error has a stack, in which its causes stand as well. What is no
 * error has no name.
 */
export function describeError(thrown: unknown): string {
  const { name, message, stack } = errorParts(thrown);
  const said = `{"name":${stringifyJson(cut(name, maxTypeChars))},"message":${stringifyJson(cut(message, maxErrorChars))}`;
  return stack === undefined ? `${said}}` : `${said},"stack":${stringifyJson(cut(stack, maxErrorChars))}}`;
}

/** An error without frames stands in brackets where it is one value among others; here it stands alone. */
const withoutBrackets = (stack: string): string =>
  startsWith(stack, '[') && endsWith(stack, ']') ? slice(stack, 1, -1) : stack;

function errorParts(thrown: unknown): { name: string; message: string; stack?: string } {
  try {
    if (isError(thrown)) {
      const stack = inspectWith(thrown, { ...defaultOptions, customInspect: false }, maxErrorChars);
      return { name: nameOf(thrown), message: messageOf(thrown), stack: withoutBrackets(stack) };
    }
  } catch {
    // A proxy's trap threw: it is shown like any other value.
    return { name: 'Error', message: previewOf(thrown, maxErrorChars) };
  }
  return { name: '', message: previewOf(thrown, maxErrorChars) };
}
