// QuickJS with the shape of node:vm: contexts, scripts, timeouts. What goes in and out is copied, as JSON has it:
// nothing of the host is reachable from inside, which node:vm does not promise.
import { defaultLimits } from '../../records/index.js';
import type { Base } from './base.js';
import { loadEngineBinary } from './binary.js';
import { makeBase } from './make-base.js';
import { Driver } from './driver.js';
import { readGuestSources } from './prelude-files.js';
import { copyLive } from './image.js';
import { Instance, evalFlags } from './instance.js';
import type { ModuleHost } from './module-host.js';
import { Linker } from './modules/linker.js';
import { Run } from './run.js';

export interface ContextOptions {
  /** Most memory the context may take, MiB, 16 to 2048. Default 128. */
  memoryMb?: number;
  /** Called with what a script prints: one of log, info, debug, warn, error, trace, and the text. */
  onConsole?: (level: string, text: string) => void;
  /** What `import()` and `require` find. Absent: nothing, and they say so. */
  modules?: ModuleHost;
}

export interface RunningOptions {
  /** What stack traces call the code. Default `evalmachine.<anonymous>`. */
  filename?: string;
  /** Most time the script may take, milliseconds. Default 5000: a script always ends. */
  timeout?: number;
}

/** A script that threw: `name`, `message` and `stack` are the guest's own. */
export class ScriptError extends Error {
  constructor({ name, message, stack }: { name: string; message: string; stack?: string | undefined }) {
    super(message);
    this.name = name;
    if (stack !== undefined) this.stack = stack;
  }
}

/** A script that ran longer than its `timeout`; the code is Node's. */
export class ScriptTimeoutError extends Error {
  readonly code = 'ERR_SCRIPT_EXECUTION_TIMEOUT';

  constructor(timeout: number) {
    super(`Script execution timed out after ${timeout}ms`);
  }
}

const guestStackBytes = 256 * 1024;
const mostText = 64 * 1024 * 1024;
const sources = readGuestSources();
let base: Promise<Base> | undefined;

/** One isolated global scope, in an engine of its own. Dropped, it is collected as any object is. */
export class Context {
  readonly #instance: Instance;
  readonly #driver: Driver;
  readonly #linker: Linker;
  #run: Run | undefined;
  #broken: unknown;

  private constructor(instance: Instance, driver: Driver, modules: ModuleHost | undefined) {
    this.#instance = instance;
    this.#driver = driver;
    this.#linker = new Linker(instance, driver, modules);
  }

  static async open(globals: object, options: ContextOptions): Promise<Context> {
    const { module, hash } = loadEngineBinary();
    const shared = await (base ??= makeBase(module, hash, sources));
    const instance = await Instance.boot({
      module,
      maxMemoryMb: options.memoryMb ?? defaultLimits.memMb,
      stackBytes: guestStackBytes,
    });
    copyLive(instance.bytes, shared, shared);
    const context = new Context(instance, new Driver(instance, shared.driver), options.modules);
    instance.belongTo({
      hostCall: (operation, args) => {
        if (operation === 'source') return sources.parts[String(args[0])];
        if (operation === 'now') return performance.now();
        if (operation === 'entropy') return crypto.randomUUID().replaceAll('-', '');
        if (operation !== 'print') return context.#linker.answer(operation, args);
        options.onConsole?.(String(args[0]), String(args[1]));
        return undefined;
      },
      shouldInterrupt: () => context.shouldStop(),
      modules: context.#linker,
    });
    context.#driver.reseed(crypto.randomUUID().replaceAll('-', ''));
    context.#define(globals);
    return context;
  }

  shouldStop(): boolean {
    return this.#run?.shouldStop() ?? false;
  }

  #define(globals: object): void {
    const text = JSON.stringify(JSON.stringify(globals));
    const defined = this.#instance.evaluate(
      `void Object.assign(globalThis, JSON.parse(${text}))`,
      'vm',
      evalFlags.global,
    );
    defined.handle.dispose();
  }

  /** Evaluates code; see {@link runInContext}. */
  evaluate(
    code: string,
    { filename = 'evalmachine.<anonymous>', timeout = defaultLimits.cpuMs }: RunningOptions,
  ): unknown {
    if (this.#broken !== undefined)
      throw new Error('this context broke in an earlier script', { cause: this.#broken });
    this.#run = new Run(
      { ...defaultLimits, wallMs: timeout, cpuMs: timeout },
      () => false,
      () => {},
    );
    try {
      return this.#evaluate(code, filename, timeout);
    } catch (error) {
      // Whatever else comes out of the engine broke it: it must not be used again.
      if (!(error instanceof ScriptError || error instanceof ScriptTimeoutError)) this.#broken = error;
      throw error;
    } finally {
      this.#run = undefined;
    }
  }

  #evaluate(code: string, filename: string, timeout: number): unknown {
    const run = this.#run;
    this.#linker.begin();
    let { kind, handle } = this.#instance.evaluate(code, filename, evalFlags.global);
    while (this.#instance.hasJobs && !this.shouldStop()) {
      const jobs = this.#instance.runJobs(256);
      if ('exception' in jobs) ({ kind, handle } = { kind: 'exception', handle: jobs.exception });
    }
    if (run?.stop !== undefined) throw new ScriptTimeoutError(timeout);
    if (kind === 'exception') throw new ScriptError(this.#driver.describeError(handle));
    const state = this.#instance.promiseState(handle);
    if (state.kind === 'rejected') throw new ScriptError(this.#driver.describeError(state.handle));
    const value = state.kind === 'fulfilled' ? state.handle : handle;
    const described = this.#driver.describe(value, mostText);
    value.dispose();
    if (described === undefined) throw new ScriptTimeoutError(timeout);
    if (described.type === 'undefined' || described.json !== undefined) return described.json;
    throw new ScriptError({
      name: 'TypeError',
      message: `a value of type ${described.type} cannot leave its context: return what JSON can say`,
    });
  }
}

/** A new context whose globals are copies of the properties of `contextObject` (what JSON can say of them). */
export const createContext = (contextObject: object = {}, options: ContextOptions = {}): Promise<Context> =>
  Context.open(contextObject, options);

export const isContext = (value: unknown): value is Context => value instanceof Context;

/**
 * Runs code in a context and returns a copy of its value: what JSON can say, or `undefined`; of a promise, what it
 * settled to. Throws {@link ScriptError} for what the script threw or what cannot be copied, and
 * {@link ScriptTimeoutError}; anything else broke the engine, and the context with it.
 */
export const runInContext = (code: string, context: Context, options: RunningOptions = {}): unknown =>
  context.evaluate(code, options);

/** {@link createContext} and {@link runInContext} in one. */
export async function runInNewContext(
  code: string,
  contextObject: object = {},
  options: RunningOptions & ContextOptions = {},
): Promise<unknown> {
  return runInContext(code, await createContext(contextObject, options), options);
}

/** Code with its name, to be run as often and in as many contexts as one likes. */
export class Script {
  readonly #code: string;
  readonly #filename: string | undefined;

  constructor(code: string, options: string | { filename?: string } = {}) {
    this.#code = code;
    this.#filename = typeof options === 'string' ? options : options.filename;
  }

  runInContext(context: Context, options: RunningOptions = {}): unknown {
    return runInContext(this.#code, context, this.#named(options));
  }

  runInNewContext(
    contextObject: object = {},
    options: RunningOptions & ContextOptions = {},
  ): Promise<unknown> {
    return runInNewContext(this.#code, contextObject, this.#named(options));
  }

  #named<T extends RunningOptions>(options: T): T {
    return this.#filename === undefined ? options : { filename: this.#filename, ...options };
  }
}
