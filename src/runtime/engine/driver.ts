// The host's view of the guest prelude's driver: typed calls into the engine, by addresses that hold in every
// instance which was given the base's memory.
import type { QuickJSHandle } from 'quickjs-emscripten';
import type { ExecutionError, Result } from '../../records/index.js';
import type { Instance, Outcome } from './instance.js';
import type { LibraryCode } from './module-host.js';

const methodNames = [
  'describe',
  'describeError',
  'beginRun',
  'beginScript',
  'declare',
  'nextTimer',
  'oneShots',
  'runTimer',
  'shiftTimers',
  'clearTimers',
  'reseed',
  'complete',
  'libraryId',
  'evaluated',
  'namesOf',
  'fault',
  'take',
  'loadScript',
  'loadModule',
] as const;
type MethodName = (typeof methodNames)[number];

export type LibraryNames = Pick<LibraryCode, 'id' | 'name' | 'global'>;

/** Where the driver's functions are in the memory. */
export type DriverAddresses = Record<MethodName, number>;

/** Reads the addresses from the driver object that the prelude returned. */
export function driverAddresses(instance: Instance, driver: QuickJSHandle): DriverAddresses {
  const entries = methodNames.map((name) => {
    const method = instance.context.getProp(driver, name);
    if (instance.context.typeof(method) !== 'function')
      throw new Error(`guest prelude: driver has no ${name}()`);
    return [name, instance.addressOf(method)];
  });
  return Object.fromEntries(entries) as DriverAddresses;
}

/** What a run sees of where it is. */
export interface Surroundings {
  argv: readonly string[];
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
}

export class Driver {
  readonly #instance: Instance;
  readonly #methods: Record<MethodName, QuickJSHandle>;

  constructor(instance: Instance, addresses: DriverAddresses) {
    this.#instance = instance;
    const handles = methodNames.map((name) => [name, instance.handleAt(addresses[name])]);
    this.#methods = Object.fromEntries(handles) as Record<MethodName, QuickJSHandle>;
  }

  /** The value as a person and as JSON would have it; `undefined` where the engine could not say (out of memory). */
  describe(value: QuickJSHandle, maxChars: number): Result | undefined {
    const text = this.#text('describe', value, maxChars);
    return text === undefined ? undefined : (JSON.parse(text) as Result);
  }

  describeError(thrown: QuickJSHandle): ExecutionError {
    const text = this.#text('describeError', thrown);
    if (text === undefined) return { name: 'InternalError', message: 'out of memory' };
    return JSON.parse(text) as ExecutionError;
  }

  /** Sets what a run sees of its arguments, environment and folder. */
  beginRun({ argv, args, env, cwd }: Surroundings): void {
    this.#text('beginRun', JSON.stringify(argv), JSON.stringify(args), JSON.stringify(env), cwd);
  }

  /** Tells the script that is about to run where it is, and gives it a `module` of its own where it is the main one. */
  beginScript(filename: string, path: string, isMain: boolean): void {
    const { context } = this.#instance;
    this.#text('beginScript', filename, path, isMain ? context.true : context.false);
  }

  declare(names: readonly string[], resets: readonly string[]): void {
    this.#text('declare', JSON.stringify(names), JSON.stringify(resets));
  }

  /** Milliseconds until the next timer is due, 0 where one is; `undefined` where there is none. */
  nextTimer(): number | undefined {
    const due = this.#number('nextTimer');
    return due < 0 ? undefined : due;
  }

  /** How many timeouts are pending; intervals do not count. */
  oneShots(): number {
    return this.#number('oneShots');
  }

  /** Runs one due timer. */
  runTimer(): Outcome {
    return this.#call('runTimer');
  }

  shiftTimers(ms: number): void {
    this.#text('shiftTimers', ms);
  }

  clearTimers(): void {
    this.#text('clearTimers');
  }

  /** Gives `Math.random` a new sequence; 32 hex digits. */
  reseed(hex: string): void {
    this.#text('reseed', hex);
  }

  complete(text: string): { items: string[]; replaces: string } {
    const answer = this.#text('complete', text);
    return answer === undefined
      ? { items: [], replaces: '' }
      : (JSON.parse(answer) as { items: string[]; replaces: string });
  }

  /** The id of the loaded library of this name, if there is one. */
  libraryId(name: string): string | undefined {
    return this.#text('libraryId', name) || undefined;
  }

  /** The ES module that has this module, once it was evaluated whole: its name in the engine, and what it exports. */
  evaluated(id: string): { name: string; exports: string[] } | undefined {
    const text = this.#text('evaluated', id);
    return text === undefined || text === ''
      ? undefined
      : (JSON.parse(text) as { name: string; exports: string[] });
  }

  /** Names that can be imported from a module that is no ES module; `undefined` where it has not run. */
  namesOf(id: string): string[] | undefined {
    const text = this.#text('namesOf', id);
    return text === undefined || text === '' ? undefined : (JSON.parse(text) as string[]);
  }

  /** An error of the guest from what `formatFault` wrote. */
  fault(text: string): QuickJSHandle {
    return this.#call('fault', text).handle;
  }

  /** Runs a module that is no ES module, unless it has run. */
  take(id: string): Outcome {
    return this.#call('take', id);
  }

  /** Runs the function around a library's script; the names that can be imported, as JSON. */
  loadScript(library: LibraryNames, shift: number, compiled: QuickJSHandle): Outcome {
    return this.#call('loadScript', library.id, library.name, library.global ?? '', shift, compiled);
  }

  /** Takes up a library that is an ES module; the names that can be imported, as JSON. */
  loadModule(library: LibraryNames, namespace: QuickJSHandle): Outcome {
    return this.#call('loadModule', library.id, library.name, library.global ?? '', namespace);
  }

  #call(name: MethodName, ...args: (string | number | QuickJSHandle)[]): Outcome {
    const { context } = this.#instance;
    const made: QuickJSHandle[] = [];
    const handles = args.map((arg) => {
      if (typeof arg === 'object') return arg;
      const handle = typeof arg === 'number' ? context.newNumber(arg) : context.newString(arg);
      made.push(handle);
      return handle;
    });
    try {
      return this.#instance.call(this.#methods[name], context.undefined, handles);
    } finally {
      for (const handle of made) handle.dispose();
    }
  }

  /** The string it returned; `undefined` where it returned another thing or threw. */
  #text(name: MethodName, ...args: (string | number | QuickJSHandle)[]): string | undefined {
    const { kind, handle } = this.#call(name, ...args);
    const { context } = this.#instance;
    const text =
      kind === 'value' && context.typeof(handle) === 'string' ? context.getString(handle) : undefined;
    handle.dispose();
    return text;
  }

  #number(name: MethodName): number {
    const { kind, handle } = this.#call(name);
    const { context } = this.#instance;
    const number = kind === 'value' && context.typeof(handle) === 'number' ? context.getNumber(handle) : -1;
    handle.dispose();
    return number;
  }
}
