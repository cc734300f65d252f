// What goes along while one value is put into words: the options, where the text stands, and what is being shown.
import { objectKeys } from '../primordials.js';
import { readOwn } from '../read.js';

/** Node's options of `util.inspect`, as far as they mean something here: there are no colours and no proxy details. */
export interface InspectOptions {
  /** Levels of nesting shown. `null`: all. */
  depth: number | null;
  showHidden: boolean;
  customInspect: boolean;
  maxArrayLength: number;
  maxStringLength: number;
  breakLength: number;
  compact: number;
  sorted: boolean;
}

export interface Context extends InspectOptions {
  indentation: number;
  /** How deep the object stands that is being shown. */
  currentDepth: number;
  /** The objects around the one that is being shown. */
  seen: object[];
  /** Those of them that were met again, with their numbers. */
  circular: Map<object, number> | undefined;
  /** Characters that may still be produced: past it, entries are counted, not shown. */
  room: number;
  /** Shows a value inside another. */
  format: (context: Context, value: unknown, depth: number) => string;
}

/** Node's defaults. */
export const defaultOptions: Readonly<InspectOptions> = {
  depth: 2,
  showHidden: false,
  customInspect: true,
  maxArrayLength: 100,
  maxStringLength: 10_000,
  breakLength: 80,
  compact: 3,
  sorted: false,
};

/** The defaults, with what a caller gave instead; what does not fit is not taken. */
export function readOptions(given: unknown): InspectOptions {
  const options: InspectOptions = { ...defaultOptions };
  if (typeof given !== 'object' || given === null) return options;
  const taken: { [Key in keyof InspectOptions]: unknown } = options;
  const keys = objectKeys(defaultOptions);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as keyof InspectOptions;
    const value = readOwn(given, key);
    if (value === null) taken[key] = key === 'depth' ? null : Infinity;
    else if (typeof value === typeof defaultOptions[key]) taken[key] = value;
  }
  return options;
}
