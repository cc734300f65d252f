// Functions and classes as Node names them: `[Function: f]`, `[AsyncFunction: f]`, `[class A extends B]`.
import { endsWith, getPrototypeOf, hasOwn, isPrototypeOf, startsWith } from '../primordials.js';
import { textOfFunction } from '../native.js';
import { readOwn } from '../read.js';

const flavours: readonly [prototype: object, name: string][] = [
  [getPrototypeOf(async function () {}) as object, 'AsyncFunction'],
  [getPrototypeOf(function* () {}) as object, 'GeneratorFunction'],
  [getPrototypeOf(async function* () {}) as object, 'AsyncGeneratorFunction'],
];

/** What stands for the function; its own properties, if any, follow in braces. */
export function functionBase(value: object, constructor: string | null, tag: string): string {
  const source = textOfFunction(value);
  if (startsWith(source, 'class') && endsWith(source, '}')) return classBase(value, constructor, tag);
  const flavour = flavourOf(value);
  const name = readOwn(value, 'name');
  let base = `[${flavour}`;
  if (constructor === null) base += ' (null prototype)';
  base += typeof name === 'string' && name !== '' ? `: ${name}]` : ' (anonymous)]';
  if (constructor !== flavour && constructor !== null) base += ` ${constructor}`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  return base;
}

function flavourOf(value: object): string {
  for (let index = 0; index < flavours.length; index++) {
    const flavour = flavours[index];
    if (flavour !== undefined && isPrototypeOf(flavour[0], value)) return flavour[1];
  }
  return 'Function';
}

function classBase(value: object, constructor: string | null, tag: string): string {
  const name = hasOwn(value, 'name') ? readOwn(value, 'name') : undefined;
  let base = `[class ${typeof name === 'string' && name !== '' ? name : '(anonymous)'}`;
  if (constructor !== 'Function' && constructor !== null) base += ` [${constructor}]`;
  if (tag !== '' && constructor !== tag) base += ` [${tag}]`;
  if (constructor === null) return `${base} extends [null prototype]]`;
  const parent = getPrototypeOf(value);
  const parentName = parent === null ? undefined : readOwn(parent, 'name');
  return typeof parentName === 'string' && parentName !== '' ? `${base} extends ${parentName}]` : `${base}]`;
}
