// `inspect`: any value as text for people, as Node's util.inspect has it (the tests compare the two).
// Not the package node-inspect-extracted: loaded, it alone touches 190 pages of the session's memory, where all of this
// prelude touches 113; it runs getters to learn a class, and gives up once a script has replaced `Map` or `Object`.
import { apply, mapGet, mapSet, mapSize, newMap, repeat } from '../primordials.js';
import { headerOf } from '../errors.js';
import { isObject, read, readOwn } from '../read.js';
import { cut, replaceAll } from '../text.js';
import { readOptions, type Context, type InspectOptions } from './context.js';
import { formatObject } from './object.js';
import { formatPrimitive, scalarText } from './primitive.js';
import { quote } from './quote.js';

const custom: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** What the console shows of one value at most, characters; a template's output limit is below it. */
const defaultRoom = 4 * 1024 * 1024;
const maxReasonChars = 200;

/** Shows a value. Past about `room` characters, what is left is counted, not shown. Throws only out of memory. */
export function inspectWith(value: unknown, options: InspectOptions, room = defaultRoom): string {
  const context: Context = {
    ...options,
    indentation: 0,
    currentDepth: 0,
    seen: [],
    circular: undefined,
    room,
    format: formatValue,
  };
  return formatValue(context, value, 0);
}

/** Node's `util.inspect(value, options)`; custom inspection methods get it as their third argument. */
export const { inspect } = {
  inspect(value: unknown, options?: unknown): string {
    return inspectWith(value, readOptions(options));
  },
};

function formatValue(context: Context, value: unknown, depth: number): string {
  if (!isObject(value)) return formatPrimitive(context, value);
  const { indentation, currentDepth } = context;
  const depthOfSeen = context.seen.length;
  try {
    const own = context.customInspect ? customText(context, value, depth) : undefined;
    if (own !== undefined) return own;
    const circle = circularText(context, value);
    return circle ?? formatObject(context, value, depth);
  } catch (error) {
    // A trap of a proxy, a custom inspection or the depth of the stack.
    context.indentation = indentation;
    context.currentDepth = currentDepth;
    context.seen.length = depthOfSeen;
    return `[object that cannot be shown: ${reasonOf(error)}]`;
  }
}

function reasonOf(error: unknown): string {
  try {
    if (isObject(error)) return cut(headerOf(error), maxReasonChars);
    return typeof error === 'string' ? quote(cut(error, maxReasonChars)) : scalarText(error);
  } catch {
    return 'it threw';
  }
}

function circularText(context: Context, value: object): string | undefined {
  let isSeen = false;
  for (let index = 0; index < context.seen.length; index++) isSeen ||= context.seen[index] === value;
  if (!isSeen) return undefined;
  context.circular ??= newMap();
  let number = mapGet(context.circular, value);
  if (number === undefined) {
    number = mapSize(context.circular) + 1;
    mapSet(context.circular, value, number);
  }
  return `[Circular *${number}]`;
}

/** What the value's own inspection method says; `undefined` where it has none or leaves it to us. */
function customText(context: Context, value: object, depth: number): string | undefined {
  const method = read(value, custom);
  if (typeof method !== 'function' || method === inspect) return undefined;
  // The prototype that carries the method is no instance.
  const constructor = readOwn(value, 'constructor');
  if (isObject(constructor) && readOwn(constructor, 'prototype') === value) return undefined;
  const depthLeft = context.depth === null ? null : context.depth - depth;
  const text: unknown = apply(method, value, [depthLeft, optionsFor(context, depthLeft), inspect]);
  if (text === value) return undefined;
  if (typeof text !== 'string') return formatValue(context, text, depth);
  return replaceAll(text, '\n', `\n${repeat(' ', context.indentation)}`);
}

/** The options as a custom inspection method gets them: its own copy. */
const optionsFor = (context: Context, depth: number | null): object => ({
  depth,
  showHidden: context.showHidden,
  colors: false,
  customInspect: context.customInspect,
  showProxy: false,
  maxArrayLength: context.maxArrayLength,
  maxStringLength: context.maxStringLength,
  breakLength: context.breakLength,
  compact: context.compact,
  sorted: context.sorted,
  getters: false,
  numericSeparator: false,
  stylize: (text: unknown) => `${text as string}`,
});
