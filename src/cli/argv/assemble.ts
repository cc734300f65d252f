// Positionals and flags to the params of a method: text becomes what the schema says it is.
import { UsageFault } from '../fault.js';
import type { Flag } from './flag.js';
import type { Scanned } from './scan.js';
import type { Field } from './shape.js';
import { readValue } from './value.js';

export interface Assembled {
  params: Record<string, unknown>;
  /** Names of params that `--no-NAME` took away, other than booleans. */
  withheld: ReadonlySet<string>;
}

export interface Accepts {
  fields: ReadonlyMap<string, Field>;
  /** Names of the fields taken by position; the last one takes all that is left where it is a list. */
  positional: readonly string[];
}

/** Builds the params. `cwd` is what relative paths are relative to. */
export function assemble({ positionals, given }: Scanned, accepts: Accepts, cwd: string): Assembled {
  const params: Record<string, unknown> = {};
  const withheld = new Set<string>();
  for (const { flag, text, negated } of given) {
    if (flag.shape.kind !== 'boolean' && negated) withheld.add(flag.name);
    else if (flag.shape.kind === 'boolean') set(params, flag, booleanValue(flag, text, negated));
    else set(params, flag, readValue(flag.shape, text ?? '', { name: `--${flag.name}`, cwd }));
  }
  placePositionals(params, positionals, accepts, cwd);
  return { params, withheld };
}

function booleanValue(flag: Flag, text: string | undefined, negated: boolean): boolean {
  if (text === undefined) return !negated;
  if (text === 'true' || text === 'false') return text === 'true';
  throw new UsageFault(`--${flag.name}: expected true or false, got "${text}"`);
}

/** Repeated lists are joined, repeated maps and objects merged; of anything else only one is wanted. */
function set(params: Record<string, unknown>, flag: Flag, value: unknown): void {
  const [last = '', ...parents] = flag.path.toReversed();
  let target = params;
  for (const name of parents.toReversed()) {
    if (!isRecord(target[name])) define(target, name, {});
    target = target[name] as Record<string, unknown>; // an own object: made on the line above
  }
  const before = Object.hasOwn(target, last) ? target[last] : undefined;
  if (before === undefined) define(target, last, value);
  else if (Array.isArray(before) && Array.isArray(value)) define(target, last, [...before, ...value]);
  else if (isRecord(before) && isRecord(value)) define(target, last, { ...before, ...value });
  else throw new UsageFault(`--${flag.name} was given twice`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Assignment that makes `__proto__` a name like any other. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
}

function placePositionals(
  params: Record<string, unknown>,
  positionals: readonly string[],
  { fields, positional }: Accepts,
  cwd: string,
): void {
  const left = [...positionals];
  for (const name of positional) {
    const shape = fields.get(name)?.shape;
    if (shape === undefined || left.length === 0 || Object.hasOwn(params, name)) continue;
    const texts = shape.kind === 'list' ? left.splice(0) : left.splice(0, 1);
    const item = shape.kind === 'list' ? shape.item : shape;
    const values = texts.map((text) => readValue(item, text, { name: name.toUpperCase(), cwd }));
    params[name] = shape.kind === 'list' ? values : values[0];
  }
  if (left.length > 0) throw new UsageFault(`unexpected argument "${left[0] ?? ''}"`);
  const missing = positional.find((name) => fields.get(name)?.required && !Object.hasOwn(params, name));
  if (missing !== undefined) throw new UsageFault(`missing ${missing.toUpperCase()}`);
}
