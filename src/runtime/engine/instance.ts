// One QuickJS in a WebAssembly memory of its own, booted always the same way, so that the memory of one instance
// can be put into another and goes on there. Never disposed of: an instance that ran code is dropped whole.
import {
  StaticLifetime,
  type JSValueConstPointer,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
} from 'quickjs-emscripten';
import { instantiate } from './build.js';

const wasmPageBytes = 65_536;
/** The smallest memory the build links with: 16 MiB. */
const minimumWasmPages = 256;

/** What the guest calls the host with, through the one function it is given. */
export type HostCall = (operation: string, args: (string | number)[]) => string | number | undefined;

/** Who an instance belongs to: what the guest calls, and whether it is to stop. */
export interface Owner {
  hostCall: HostCall;
  /** Asked every few thousand bytecodes; true stops the script. */
  shouldInterrupt: () => boolean;
}

const nobody: Owner = { hostCall: () => undefined, shouldInterrupt: () => false };

export interface BootOptions {
  module: WebAssembly.Module;
  /** The memory's maximum, MiB: the limit that a script meets as "out of memory". */
  maxMemoryMb: number;
  /** Bytes to have from the start, for a restore: growing later from outside would detach the engine's views. */
  initialBytes?: number;
  /** Bytes of stack that a script may use. */
  stackBytes: number;
}

/** A value of the guest, or what it threw. The holder disposes of the handle. */
export type Outcome = { kind: 'value'; handle: QuickJSHandle } | { kind: 'exception'; handle: QuickJSHandle };

export type PromiseState =
  | { kind: 'none' }
  | { kind: 'pending' }
  | { kind: 'fulfilled'; handle: QuickJSHandle }
  | { kind: 'rejected'; handle: QuickJSHandle };

/** QuickJS's `JS_EVAL_FLAG_*`. */
export const evalFlags = { global: 0, module: 1 << 0, strict: 1 << 3, async: 1 << 7 } as const;

export class Instance {
  readonly memory: WebAssembly.Memory;
  readonly context: QuickJSContext;
  readonly #runtime: QuickJSRuntime;

  readonly #owner: { current: Owner };

  private constructor(
    memory: WebAssembly.Memory,
    runtime: QuickJSRuntime,
    context: QuickJSContext,
    owner: { current: Owner },
  ) {
    this.memory = memory;
    this.#runtime = runtime;
    this.context = context;
    this.#owner = owner;
  }

  /** Gives the instance to whoever answers the guest from now on. */
  belongTo(owner: Owner): void {
    this.#owner.current = owner;
  }

  /**
   * Boots an instance. The order of what is done here is part of every image's key (`bootVersion`): change it and
   * the images of before cannot be restored.
   */
  static async boot(options: BootOptions): Promise<Instance> {
    const maximum = Math.max(minimumWasmPages, options.maxMemoryMb * (1_048_576 / wasmPageBytes));
    const initial = Math.max(minimumWasmPages, Math.ceil((options.initialBytes ?? 0) / wasmPageBytes));
    const memory = new WebAssembly.Memory({ initial, maximum: Math.max(initial, maximum) });
    const quickjs = await instantiate(options.module, memory);
    const runtime = quickjs.newRuntime();
    const owner = { current: nobody };
    runtime.setInterruptHandler(() => owner.current.shouldInterrupt());
    runtime.setMaxStackSize(options.stackBytes);
    runtime.setModuleLoader((name) => ({
      error: new Error(`cannot import '${name}': imports are not supported yet`),
    }));
    const context = runtime.newContext();
    // These are made at their first use; made here, they are at the same address in every instance.
    void [context.undefined, context.null, context.true, context.false, context.global];
    const instance = new Instance(memory, runtime, context, owner);
    instance.#hostFunction = context.newFunction('host', (operation, ...args) =>
      instance.#callHost(operation, args),
    );
    return instance;
  }

  #hostFunction: QuickJSHandle | undefined;

  /** The function through which the guest reaches the host; only valid before the first restore. */
  get hostFunction(): QuickJSHandle {
    if (this.#hostFunction === undefined) throw new Error('instance has not booted');
    return this.#hostFunction;
  }

  #callHost(operation: QuickJSHandle, args: QuickJSHandle[]): QuickJSHandle {
    const { context } = this;
    const values = args.map((arg) =>
      context.typeof(arg) === 'number' ? context.getNumber(arg) : context.getString(arg),
    );
    const answer = this.#owner.current.hostCall(context.getString(operation), values);
    if (answer === undefined) return context.undefined;
    return typeof answer === 'number' ? context.newNumber(answer) : context.newString(answer);
  }

  /** All of the memory, as it is now; a view made before the memory grew is of no use. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }

  get memoryBytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Applies the limit anew: it lives in the memory, so a restore brings the one of the image back. */
  setStackBytes(bytes: number): void {
    this.#runtime.setMaxStackSize(bytes);
  }

  /**
   * Evaluates code in the global scope (or as a module). Throws only what broke the engine itself: then drop the
   * instance.
   */
  evaluate(code: string, filename: string, flags: number): Outcome {
    return outcome(this.context.evalCode(code, filename, flags));
  }

  call(fn: QuickJSHandle, self: QuickJSHandle, args: QuickJSHandle[]): Outcome {
    return outcome(this.context.callFunction(fn, self, ...args));
  }

  /** Runs promise jobs, at most `limit`; the exception of one that threw, or how many ran. */
  runJobs(limit: number): { ran: number } | { exception: QuickJSHandle } {
    const result = this.#runtime.executePendingJobs(limit);
    if (result.error !== undefined) return { exception: result.error };
    return { ran: result.value };
  }

  get hasJobs(): boolean {
    return this.#runtime.hasPendingJob();
  }

  promiseState(handle: QuickJSHandle): PromiseState {
    const state = this.context.getPromiseState(handle);
    if (state.type === 'pending') return { kind: 'pending' };
    if (state.type === 'rejected') return { kind: 'rejected', handle: state.error };
    if (state.notAPromise === true) return { kind: 'none' };
    return { kind: 'fulfilled', handle: state.value };
  }

  /** The address of a value's cell in the memory: valid in every instance that holds a copy of this memory. */
  addressOf(handle: QuickJSHandle): number {
    return handle.value;
  }

  /** A handle, never disposed of, for a value whose address {@link addressOf} gave. */
  handleAt(address: number): QuickJSHandle {
    return new StaticLifetime(address as JSValueConstPointer, this.#runtime);
  }

  /** What must be equal in two instances before the memory of one may go into the other. */
  get signature(): string {
    const { context } = this;
    return [context.undefined, context.null, context.true, context.false, context.global, this.hostFunction]
      .map((handle) => handle.value)
      .join(' ');
  }
}

function outcome(result: ReturnType<QuickJSContext['evalCode']>): Outcome {
  return result.error === undefined
    ? { kind: 'value', handle: result.value }
    : { kind: 'exception', handle: result.error };
}
