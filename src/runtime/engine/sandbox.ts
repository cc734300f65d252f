// One session's engine: runs code under limits, and goes back to the state that was saved when a run ends in a way that
// must not, or is asked not to, leave its mark.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { EventBody, HostCall, Limits } from '../../records/index.js';
import { brokenEngine } from './broken-engine.js';
import type { GuestSources } from './base.js';
import type { Image, Reference, Undo } from './image.js';
import type { HostAnswer, HostArgument } from './crossing-values.js';
import { evalFlags } from './instance.js';
import { evaluation, type Ended, type Engine } from './evaluation.js';
import { loadLibrary, type LoadedLibrary, type LoadReport } from './library-loading.js';
import type { LibraryCode } from './module-host.js';
import { codedError, formatFault } from './modules/fault.js';
import type { RunReport, RunRequest } from './request.js';
import { Run } from './run.js';
import { SavedEngine, type BootedEngine, type SavedEngineOptions } from './saved-engine.js';

/** Completion is asked for with every key: later than this nobody waits for it any more. */
const completionMs = 200;

export interface SandboxOptions extends SavedEngineOptions {
  sources: GuestSources;
  isCancelled: () => boolean;
  /** One number that each run sets: the CPU time its thread had used before, milliseconds; NaN where unknown. */
  cpuAtStart?: Float64Array;
}

export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #saved: SavedEngine;
  #run: Run | undefined;
  #runCount = 0;
  /** Whether host modules may be called: in executions only, whose records say so. */
  #mayCall = false;
  #completeUntil = Infinity;
  /** What `beginRun` was last told, to tell it again only when it changes. */
  #surroundings = '';

  private constructor(options: SandboxOptions, saved: SavedEngine) {
    this.#options = options;
    this.#saved = saved;
    saved.belongTo({
      hostCall: (operation, args) => this.#hostCall(operation, args),
      shouldInterrupt: () => this.#shouldInterrupt(),
    });
  }

  /** As {@link SavedEngine.open}. */
  static async open(options: SandboxOptions, booted?: BootedEngine): Promise<Sandbox> {
    return new Sandbox(options, await SavedEngine.open(options, booted));
  }

  get #engine(): Engine {
    return this.#saved.engine;
  }

  /** Keeps the state as it is: what a rollback comes back to. Answers what changed since the last time. */
  save(): Undo {
    return this.#saved.save();
  }

  /** For a state that comes from an image: its timers are due so much later, and `Math.random` begins anew. */
  resume(shiftTimersMs: number): Undo {
    if (shiftTimersMs > 0) this.#engine.driver.shiftTimers(shiftTimersMs);
    this.#engine.driver.reseed(randomBytes(16).toString('hex'));
    return this.save();
  }

  /** The saved state, packed as what differs from a reference. */
  image(reference: Reference): Image {
    return this.#saved.image(reference);
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
      if (performance.now() > this.#completeUntil) this.#restore();
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
    metrics.memoryBytes = this.#saved.heapEnd;
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

  /** Goes back to the saved state; in a fresh engine where this one cannot be trusted or is full. */
  async #rollback(sameEngine: boolean, dropTimers: boolean): Promise<void> {
    if (!sameEngine) await this.#saved.replace();
    this.#restore();
    // A timer that had to be rolled back would be due again at once, for ever.
    if (dropTimers) this.#engine.driver.clearTimers();
  }

  #restore(): void {
    this.#saved.restore();
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

const round = (ms: number): number => Math.round(ms * 1000) / 1000;
