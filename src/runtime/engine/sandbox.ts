// One session's engine: runs code under limits, keeps a shadow of the memory, and goes back to it when a run ends
// in a way that must not, or is asked not to, leave its mark.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { EventBody, HostCall, Limits } from '../../records/index.js';
import { brokenEngine } from './broken-engine.js';
import { readHeapEnd, type Base, type GuestSources } from './base.js';
import { Driver } from './driver.js';
import {
  copyLive,
  fillShadow,
  imageOfShadow,
  shadowHeapEnd,
  isEmpty,
  updateShadow,
  type Image,
  type Reference,
  type Shadow,
  type Undo,
} from './image.js';
import type { HostAnswer, HostArgument } from './crossing-values.js';
import { Instance, evalFlags } from './instance.js';
import { evaluation, type Ended, type Engine } from './evaluation.js';
import { loadLibrary, type LoadedLibrary, type LoadReport } from './library-loading.js';
import type { LibraryCode, ModuleHost } from './module-host.js';
import { codedError, formatFault } from './modules/fault.js';
import { Linker } from './modules/linker.js';
import type { RunReport, RunRequest } from './request.js';
import { Run } from './run.js';

/** About 11,000 plain calls deep, as in Node. It needs a thread with a stack of {@link threadStackMb}. */
const guestStackBytes = 2 * 1024 * 1024;
/**
 * V8's stack that goes with it: with less, deeply nested source overflows V8's before the guest's, and the engine is
 * broken. The space is only reserved; pages of it are taken as they are used.
 */
export const threadStackMb = 64;

/** Completion is asked for with every key: later than this nobody waits for it any more. */
const completionMs = 200;

export interface SandboxOptions {
  module: WebAssembly.Module;
  base: Base;
  /** What a fresh session starts from. */
  reference: Reference;
  sources: GuestSources;
  maxMemoryMb: number;
  /** Where the session's state is mirrored. A filled one is restored from; an empty one means a fresh session. */
  shadow: Shadow;
  isCancelled: () => boolean;
  /** One number that each run sets: the CPU time its thread had used before, milliseconds; NaN where unknown. */
  cpuAtStart?: Float64Array;
  /** What its code may import and require. Absent: nothing. */
  modules?: ModuleHost;
}

/** An engine without a session yet. */
export interface BootedEngine {
  readonly maxMemoryMb: number;
  readonly instance: Instance;
}

export class Sandbox {
  readonly #options: SandboxOptions;
  #engine: Engine;
  #run: Run | undefined;
  #runCount = 0;
  /** Whether host modules may be called: in executions only, whose records say so. */
  #mayCall = false;
  #completeUntil = Infinity;
  /** What `beginRun` was last told, to tell it again only when it changes. */
  #surroundings = '';

  private constructor(options: SandboxOptions, instance: Instance) {
    this.#options = options;
    this.#engine = engineOf(instance, options);
  }

  /**
   * Boots an engine, or takes one that was booted ahead, and fills it and an empty shadow: from the shadow where that
   * holds a state, else from the reference. Throws ImageError where the reference does not fit.
   */
  static async open(options: SandboxOptions, booted?: BootedEngine): Promise<Sandbox> {
    const { shadow, base, reference } = options;
    if (isEmpty(shadow)) fillShadow(shadow, base, reference);
    const fits =
      booted?.maxMemoryMb === options.maxMemoryMb && shadow.memory.byteLength <= booted.instance.memoryBytes;
    const sandbox = new Sandbox(options, fits ? booted.instance : await boot(options));
    sandbox.#fill();
    return sandbox;
  }

  /** Boots an engine ahead of need: the part of {@link open} that takes longest. */
  static async bootAhead(options: Pick<SandboxOptions, 'module' | 'maxMemoryMb'>): Promise<BootedEngine> {
    return { maxMemoryMb: options.maxMemoryMb, instance: await boot(options) };
  }

  /** Makes the shadow equal to the memory, what a rollback comes back to; answers what changed since the last time. */
  save(): Undo {
    const { shadow, base } = this.#options;
    const bytes = this.#engine.instance.bytes;
    return updateShadow(shadow, bytes, base, readHeapEnd(bytes, base.layout));
  }

  /** For a state that comes from an image: its timers are due so much later, and `Math.random` begins anew. */
  resume(shiftTimersMs: number): Undo {
    if (shiftTimersMs > 0) this.#engine.driver.shiftTimers(shiftTimersMs);
    this.#engine.driver.reseed(randomBytes(16).toString('hex'));
    return this.save();
  }

  /** The saved state, packed as what differs from a reference. */
  image(reference: Reference): Image {
    const { shadow, base } = this.#options;
    return imageOfShadow(shadow, base, reference);
  }

  /** Takes a global away for good; for settings of a fresh session. */
  removeGlobal(name: string): void {
    this.#engine.instance.evaluate(
      `delete globalThis[${JSON.stringify(name)}]`,
      'vmsys:settings',
      evalFlags.global,
    );
    this.save();
  }

  /** Gives a fresh session variables that get what they stand for at their first use: by their names, expressions. */
  defineGlobals(globals: Readonly<Record<string, string>>): void {
    for (const [name, expression] of Object.entries(globals)) {
      const key = JSON.stringify(name);
      const shape = 'configurable: true, enumerable: false, writable: true';
      const code = `Object.defineProperty(globalThis, ${key}, { configurable: true, enumerable: false,
        get() { const value = ${expression}; Object.defineProperty(globalThis, ${key}, { value, ${shape} }); return value; },
        set(value) { Object.defineProperty(globalThis, ${key}, { value, ${shape} }); } })`;
      this.#engine.instance.evaluate(code, 'vmsys:settings', evalFlags.global);
    }
    this.save();
  }

  /**
   * Loads libraries one after the other, all of them within the limits, and saves; what they print is dropped. Where
   * one fails the session is as it was before the first.
   */
  async load(libraries: readonly LibraryCode[], limits: Limits): Promise<LoadReport> {
    const loaded: LoadedLibrary[] = [];
    const run = this.#begin(limits, () => {});
    for (const library of libraries) {
      const startedAt = performance.now();
      const ended = await loadLibrary(this.#engine, run, library).catch(brokenEngine);
      if ('error' in ended) {
        this.#run = undefined;
        await this.#rollback(ended.engine === 'sound', false);
        return { id: library.id, error: ended.error };
      }
      loaded.push({ id: library.id, ms: round(performance.now() - startedAt), exports: ended.exports });
    }
    this.#run = undefined;
    this.save();
    return { loaded };
  }

  /** Milliseconds that the run in progress has left; 0 where nothing runs. */
  get runLeftMs(): number {
    return this.#run?.leftMs ?? 0;
  }

  /** Runs so far, the one in progress included. */
  get runCount(): number {
    return this.#runCount;
  }

  /** Records a call of the host in the run in progress. */
  note(call: HostCall): void {
    this.#run?.note(call);
  }

  nextTimerMs(): number | undefined {
    return this.#engine.driver.nextTimer();
  }

  /** Names that could follow; none where the traps of a proxy, which it may meet, take too long. */
  complete(text: string): { items: string[]; replaces: string } {
    this.#completeUntil = performance.now() + completionMs;
    try {
      return this.#engine.driver.complete(text);
    } finally {
      // What a trap changed before it was stopped is undone.
      if (performance.now() > this.#completeUntil) this.#fill();
      this.#completeUntil = Infinity;
    }
  }

  /**
   * Runs one request to its end. Does not save: the caller answers first, then calls {@link save} where `state` is
   * `kept`, and after every timer (one that was rolled back takes the others with it). Never throws for what the guest does, nor where the engine broke: then the session is restored.
   */
  async run(
    request: RunRequest,
    emit: (event: EventBody) => void,
    cancelled: AbortSignal,
  ): Promise<RunReport> {
    const run = this.#begin(request.limits, emit, request.strict);
    let ended: Ended;
    this.#mayCall = true;
    try {
      this.#prepare(request);
      ended = await evaluation(this.#engine, run, request, cancelled);
    } catch (error) {
      ended = brokenEngine(error);
    }
    run.noteUnrecorded();
    this.#mayCall = false;
    this.#run = undefined;
    const failed = ended.status !== 'ok';
    const rollback = ended.engine !== 'sound' || ended.unfinished || (failed && request.rollbackOnFailure);
    const metrics = { cpuMs: round(run.cpuMs), outputBytes: run.outputBytes, memoryBytes: 0 };
    if (rollback) await this.#rollback(ended.engine === 'sound', request.kind === 'timer');
    metrics.memoryBytes = readHeapEnd(this.#engine.instance.bytes, this.#options.base.layout);
    const nextTimerMs = this.nextTimerMs();
    return {
      status: ended.status,
      state: rollback ? 'rolled_back' : 'kept',
      ...('result' in ended ? { result: ended.result } : { error: ended.error }),
      metrics,
      ...(nextTimerMs === undefined ? {} : { nextTimerMs }),
    };
  }

  #begin(limits: Limits, emit: (event: EventBody) => void, strict = false): Run {
    const run = new Run(limits, this.#options.isCancelled, emit);
    this.#run = run;
    this.#runCount += 1;
    if (this.#options.cpuAtStart !== undefined) this.#options.cpuAtStart[0] = run.cpuAtStart ?? Number.NaN;
    this.#engine.linker.begin(strict);
    return run;
  }

  #prepare(request: RunRequest): void {
    if (request.kind === 'timer') return;
    const { kind, filename, isMain, args, env, cwd } = request;
    const path = cwd === undefined ? filename : join(cwd, filename);
    const argv = ['vmsys', ...(kind === 'repl' ? [] : [path]), ...args];
    const surroundings = { argv, args, env, cwd: cwd ?? '/' };
    const text = JSON.stringify(surroundings);
    if (text !== this.#surroundings) this.#engine.driver.beginRun(surroundings);
    this.#surroundings = text;
    if (kind === 'script') this.#engine.driver.beginScript(filename, path, isMain === true);
  }

  /** Puts the memory back to the shadow's; into a fresh instance where this one cannot be trusted or is full. */
  async #rollback(sameInstance: boolean, dropTimers: boolean): Promise<void> {
    if (!sameInstance) {
      this.#engine = engineOf(await boot(this.#options), this.#options);
    }
    this.#fill();
    // A timer that had to be rolled back would be due again at once, for ever.
    if (dropTimers) this.#engine.driver.clearTimers();
  }

  /** Makes the engine's memory the shadow's, and this its owner. */
  #fill(): void {
    const { base, shadow } = this.#options;
    const { instance, linker } = this.#engine;
    if (instance.signature !== base.signature) throw new Error('engine booted differently from its base');
    copyLive(instance.bytes, base, { memory: shadow.memory, heapEnd: shadowHeapEnd(shadow) });
    instance.setStackBytes(guestStackBytes);
    instance.belongTo({
      hostCall: (operation, args) => this.#hostCall(operation, args),
      shouldInterrupt: () => this.#shouldInterrupt(),
      modules: linker,
    });
    this.#surroundings = '';
  }

  #shouldInterrupt(): boolean {
    return this.#run?.shouldStop() ?? performance.now() > this.#completeUntil;
  }

  #hostCall(operation: string, args: HostArgument[]): HostAnswer {
    switch (operation) {
      case 'print': {
        const [kind, text] = [String(args[0]), String(args[1])];
        const type = kind === 'stdout' || kind === 'stderr' ? kind : 'console';
        this.#run?.print(type, kind, text);
        return undefined;
      }
      case 'now':
        return performance.now();
      case 'entropy':
        return randomBytes(16).toString('hex');
      case 'source':
        return this.#options.sources.parts[String(args[0])];
      case 'call':
        return this.#mayCall ? this.#engine.linker.answer(operation, args) : formatFault(unrecorded());
      default:
        return this.#engine.linker.answer(operation, args);
    }
  }
}

/** What a library would read while it loads, every session that begins as a copy of this one would have. */
const unrecorded = (): Error =>
  codedError(
    'EPERM',
    'EPERM: host modules work in executions only, not while libraries load or names are completed',
  );

function engineOf(instance: Instance, { base, modules }: SandboxOptions): Engine {
  const driver = new Driver(instance, base.driver);
  return { instance, driver, linker: new Linker(instance, driver, modules) };
}

function boot({
  module,
  maxMemoryMb,
  shadow,
}: Pick<SandboxOptions, 'module' | 'maxMemoryMb'> & Partial<SandboxOptions>): Promise<Instance> {
  const initialBytes = shadow?.memory.byteLength ?? 0;
  return Instance.boot({ module, maxMemoryMb, initialBytes, stackBytes: guestStackBytes });
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;
