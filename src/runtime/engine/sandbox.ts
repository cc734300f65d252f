// One session's engine: runs code under limits, keeps a shadow of the memory, and goes back to it when a run ends
// in a way that must not, or is asked not to, leave its mark.
import { randomBytes } from 'node:crypto';
import type { EventBody } from '../../records/index.js';
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
import { Instance, evalFlags } from './instance.js';
import { evaluation, type Ended } from './evaluation.js';
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
}

/** An engine without a session yet. */
export interface BootedEngine {
  readonly maxMemoryMb: number;
  readonly instance: Instance;
}

export class Sandbox {
  readonly #options: SandboxOptions;
  #instance: Instance;
  #driver: Driver;
  #run: Run | undefined;
  #completeUntil = Infinity;
  /** What `beginRun` was last told, to tell it again only when it changes. */
  #surroundings = '';

  private constructor(options: SandboxOptions, instance: Instance) {
    this.#options = options;
    this.#instance = instance;
    this.#driver = new Driver(instance, options.base.driver);
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
    const bytes = this.#instance.bytes;
    return updateShadow(shadow, bytes, base, readHeapEnd(bytes, base.layout));
  }

  /** For a state that comes from an image: its timers are due so much later, and `Math.random` begins anew. */
  resume(shiftTimersMs: number): Undo {
    if (shiftTimersMs > 0) this.#driver.shiftTimers(shiftTimersMs);
    this.#driver.reseed(randomBytes(16).toString('hex'));
    return this.save();
  }

  /** The saved state, packed as what differs from a reference. */
  image(reference: Reference): Image {
    const { shadow, base } = this.#options;
    return imageOfShadow(shadow, base, reference);
  }

  /** Takes a global away for good; for settings of a fresh session. */
  removeGlobal(name: string): void {
    this.#instance.evaluate(`delete globalThis[${JSON.stringify(name)}]`, 'vmsys:settings', evalFlags.global);
    this.save();
  }

  nextTimerMs(): number | undefined {
    return this.#driver.nextTimer();
  }

  /** Names that could follow; none where the traps of a proxy, which it may meet, take too long. */
  complete(text: string): { items: string[]; replaces: string } {
    this.#completeUntil = performance.now() + completionMs;
    try {
      return this.#driver.complete(text);
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
    const run = new Run(request.limits, this.#options.isCancelled, emit);
    this.#run = run;
    if (this.#options.cpuAtStart !== undefined) this.#options.cpuAtStart[0] = run.cpuAtStart ?? Number.NaN;
    let ended: Ended;
    try {
      this.#prepare(request);
      ended = await evaluation(this.#instance, this.#driver, run, request, cancelled);
    } catch (error) {
      ended = brokenEngine(error);
    }
    this.#run = undefined;
    const failed = ended.status !== 'ok';
    const rollback = ended.engine !== 'sound' || ended.unfinished || (failed && request.rollbackOnFailure);
    const metrics = { cpuMs: round(run.cpuMs), outputBytes: run.outputBytes, memoryBytes: 0 };
    if (rollback) await this.#rollback(ended.engine === 'sound', request.kind === 'timer');
    metrics.memoryBytes = readHeapEnd(this.#instance.bytes, this.#options.base.layout);
    const nextTimerMs = this.nextTimerMs();
    return {
      status: ended.status,
      state: rollback ? 'rolled_back' : 'kept',
      ...('result' in ended ? { result: ended.result } : { error: ended.error }),
      metrics,
      ...(nextTimerMs === undefined ? {} : { nextTimerMs }),
    };
  }

  #prepare(request: RunRequest): void {
    if (request.kind === 'timer') return;
    const argv = ['vmsys', ...(request.kind === 'repl' ? [] : [request.filename]), ...request.args];
    const surroundings = JSON.stringify([argv, request.args, request.env]);
    if (surroundings === this.#surroundings) return;
    this.#driver.beginRun(argv, request.args, request.env);
    this.#surroundings = surroundings;
  }

  /** Puts the memory back to the shadow's; into a fresh instance where this one cannot be trusted or is full. */
  async #rollback(sameInstance: boolean, dropTimers: boolean): Promise<void> {
    if (!sameInstance) {
      this.#instance = await boot(this.#options);
      this.#driver = new Driver(this.#instance, this.#options.base.driver);
    }
    this.#fill();
    // A timer that had to be rolled back would be due again at once, for ever.
    if (dropTimers) this.#driver.clearTimers();
  }

  /** Makes the engine's memory the shadow's, and this its owner. */
  #fill(): void {
    const { base, shadow } = this.#options;
    const instance = this.#instance;
    if (instance.signature !== base.signature) throw new Error('engine booted differently from its base');
    copyLive(instance.bytes, base, { memory: shadow.memory, heapEnd: shadowHeapEnd(shadow) });
    instance.setStackBytes(guestStackBytes);
    instance.belongTo({
      hostCall: (operation, args) => this.#hostCall(operation, args),
      shouldInterrupt: () => this.#shouldInterrupt(),
    });
    this.#surroundings = '';
  }

  #shouldInterrupt(): boolean {
    return this.#run?.shouldStop() ?? performance.now() > this.#completeUntil;
  }

  #hostCall(operation: string, args: (string | number)[]): string | number | undefined {
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
      default:
        return undefined;
    }
  }
}

function boot({
  module,
  maxMemoryMb,
  shadow,
}: Pick<SandboxOptions, 'module' | 'maxMemoryMb'> & Partial<SandboxOptions>): Promise<Instance> {
  const initialBytes = shadow?.memory.byteLength ?? 0;
  return Instance.boot({ module, maxMemoryMb, initialBytes, stackBytes: guestStackBytes });
}

/** What it means when the engine itself threw: the host's stack ran out, or WebAssembly trapped. */
function brokenEngine(error: unknown): Ended {
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    const overflow = { name: 'InternalError', message: 'stack overflow', limit: 'stack' } as const;
    return { status: 'limit_exceeded', error: overflow, engine: 'broken', unfinished: false };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    status: 'crashed',
    error: { name: 'EngineError', message: `the engine failed: ${message}` },
    engine: 'broken',
    unfinished: false,
  };
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;
