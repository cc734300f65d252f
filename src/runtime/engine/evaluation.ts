// One evaluation from its text to its end: the script, the promise jobs and timers it waits for, and the verdict.
import type { QuickJSHandle } from 'quickjs-emscripten';
import type { ExecutionError, Result } from '../../records/index.js';
import type { Driver } from './driver.js';
import { evalFlags, type Instance, type Outcome } from './instance.js';
import type { Linker } from './modules/linker.js';
import { stopError, type Run } from './run.js';
import type { RunRequest } from './request.js';
import { prepareRepl, prepareScript } from './source.js';

/** Jobs run between two looks at the limits; the interrupt handler looks more often inside long ones. */
const jobsAtOnce = 256;

const nothing: Result = { type: 'undefined', preview: 'undefined' };

/** `engine`: whether its memory may go on. `unfinished`: code was stopped that would run on by itself later. */
export type Ended = { engine: 'sound' | 'full' | 'broken'; unfinished: boolean } & (
  | { status: 'ok'; result: Result }
  | { status: 'error' | 'timeout' | 'limit_exceeded' | 'cancelled' | 'crashed'; error: ExecutionError }
);

/** What a script came to: its value, what it threw, or a promise that nothing is left to settle. */
type Settled = Outcome | { kind: 'never'; awaited: boolean };

/** An engine with what belongs to it. */
export interface Engine {
  readonly instance: Instance;
  readonly driver: Driver;
  readonly linker: Linker;
}

/** Evaluates a request and says how it ended, the last event included. Throws what broke the engine. */
export async function evaluation(
  engine: Engine,
  run: Run,
  request: RunRequest,
  cancelled: AbortSignal,
): Promise<Ended> {
  const work = new Evaluation(engine, run, request, cancelled);
  // Cancelled before it began: none of its code runs.
  const settled: Settled = run.shouldStop()
    ? { kind: 'value', handle: engine.instance.context.undefined }
    : await work.settle(work.start(request));
  const ended = work.verdict(settled);
  run.countOutput(JSON.stringify(ended.status === 'ok' ? ended.result : ended.error).length);
  return ended;
}

export type Failed = Exclude<Ended, { status: 'ok' }>;

/** Has what `start` began come to its value: its jobs run, its promise settled; else says how it failed. */
export async function completion(
  engine: Engine,
  run: Run,
  start: () => Outcome,
): Promise<{ value: QuickJSHandle } | Failed> {
  const work = new Evaluation(engine, run, { kind: 'module', until: 'value' }, new AbortController().signal);
  const settled = await work.settle(run.active(start));
  if (settled.kind === 'value' && run.stop === undefined) return { value: settled.handle };
  const ended = work.verdict(settled);
  if (ended.status === 'ok') throw new Error('engine: a value was said to be none');
  return ended;
}

class Evaluation {
  readonly #instance: Instance;
  readonly #driver: Driver;
  readonly #linker: Linker;
  readonly #run: Run;
  readonly #request: Pick<RunRequest, 'kind' | 'until'>;
  readonly #cancelled: AbortSignal;
  /** Whether the engine wraps the script's value in a promise for `{ value }`. */
  #wrapped = false;

  constructor(
    { instance, driver, linker }: Engine,
    run: Run,
    request: Pick<RunRequest, 'kind' | 'until'>,
    cancelled: AbortSignal,
  ) {
    this.#instance = instance;
    this.#driver = driver;
    this.#linker = linker;
    this.#run = run;
    this.#request = request;
    this.#cancelled = cancelled;
  }

  /** Runs the script's own code, up to its end or its first `await`. */
  start({ kind, code, filename, strict }: RunRequest): Outcome {
    if (kind === 'timer') return this.#run.active(() => this.#driver.runTimer());
    if (kind === 'module') return this.#run.active(() => this.#linker.evaluateModule(code, filename));
    const source = kind === 'repl' ? prepareRepl(code) : prepareScript(code);
    if (source.names.length > 0) this.#driver.declare(source.names, source.resets);
    this.#wrapped = source.asynchronous;
    const flags = (strict ? evalFlags.strict : 0) | (source.asynchronous ? evalFlags.async : 0);
    return this.#run.active(() => this.#instance.evaluate(source.code, filename, flags));
  }

  /** Runs jobs and timers until the value is there, and with `until: "idle"` until no timeout is left. */
  async settle(started: Outcome): Promise<Settled> {
    let outcome = started;
    for (;;) {
      const thrown = this.#runJobs();
      if (thrown !== undefined) return { kind: 'exception', handle: thrown };
      if (this.#run.stop !== undefined || outcome.kind === 'exception') return outcome;
      const state = this.#promiseState(outcome.handle);
      if (state.kind === 'fulfilled') {
        outcome = { kind: 'value', handle: this.#unwrap(state.handle) };
        continue;
      }
      if (state.kind === 'rejected') return { kind: 'exception', handle: state.handle };
      if (state.kind === 'none' && (this.#request.until === 'value' || this.#driver.oneShots() === 0))
        return outcome;
      const due = this.#driver.nextTimer();
      // A module's promise is its own end: nobody asked for a promise.
      const awaited = this.#wrapped || this.#request.kind === 'module';
      if (due === undefined) return { kind: 'never', awaited };
      if (due > 0) await sleep(Math.min(due, this.#run.leftMs + 1), this.#cancelled);
      if (this.#run.shouldStop()) return outcome;
      const ran = this.#run.active(() => this.#driver.runTimer());
      if (ran.kind === 'exception') return ran;
      ran.handle.dispose();
    }
  }

  /** Runs all promise jobs; what one threw, if one did. */
  #runJobs(): QuickJSHandle | undefined {
    while (this.#run.stop === undefined && this.#instance.hasJobs && !this.#run.shouldStop()) {
      const jobs = this.#run.active(() => this.#instance.runJobs(jobsAtOnce));
      if ('exception' in jobs) return jobs.exception;
    }
    return undefined;
  }

  #promiseState(handle: QuickJSHandle) {
    if (this.#instance.context.typeof(handle) !== 'object') return { kind: 'none' } as const;
    return this.#instance.promiseState(handle);
  }

  /** The value of a promise: of the engine's own wrapper the `value` inside, once. */
  #unwrap(handle: QuickJSHandle): QuickJSHandle {
    if (!this.#wrapped) return handle;
    this.#wrapped = false;
    return this.#instance.context.getProp(handle, 'value');
  }

  verdict(settled: Settled): Ended {
    const run = this.#run;
    if (run.stop === undefined) {
      if (settled.kind === 'value') {
        const result = this.#isWithoutExports(settled.handle) ? nothing : this.#describe(settled.handle);
        if (result !== undefined) return { status: 'ok', result, engine: 'sound', unfinished: false };
      }
      if (settled.kind === 'never') return neverSettled(settled.awaited);
      const thrown = settled.kind === 'exception' ? this.#thrown(settled.handle) : exhausted;
      if (run.stop === undefined) return thrown;
    }
    // Stopped, if only while its value or exception was described.
    const stop = run.stop ?? 'wallMs';
    const frames = settled.kind === 'exception' ? framesOf(this.#describeError(settled.handle)) : '';
    const status =
      stop === 'cancelled'
        ? 'cancelled'
        : stop === 'wallMs' || stop === 'cpuMs'
          ? 'timeout'
          : 'limit_exceeded';
    const pending = settled.kind === 'value' && this.#promiseState(settled.handle).kind === 'pending';
    const inModule = run.withGrace(() => this.#linker.isUnfinished);
    const unfinished = this.#instance.hasJobs || pending || settled.kind === 'never' || inModule;
    return { status, error: withFrames(stopError(stop, run.limits), frames), engine: 'sound', unfinished };
  }

  #thrown(handle: QuickJSHandle): Ended {
    const error = this.#describeError(handle);
    if (error.name === 'InternalError' && error.message === 'out of memory') {
      const message = `memory limit of ${this.#run.limits.memMb} MiB exceeded`;
      const exceeded = withFrames({ name: 'LimitError', message, limit: 'memMb' }, framesOf(error));
      return { status: 'limit_exceeded', error: exceeded, engine: 'full', unfinished: false };
    }
    if (error.name === 'InternalError' && error.message === 'stack overflow') {
      return {
        status: 'limit_exceeded',
        error: { ...error, limit: 'stack' },
        engine: 'sound',
        unfinished: false,
      };
    }
    return { status: 'error', error, engine: 'sound', unfinished: false };
  }

  /** Whether it is a module that was run for what it does: it has no value, as a script that ends in a statement. */
  #isWithoutExports(handle: QuickJSHandle): boolean {
    if (this.#request.kind !== 'module') return false;
    const names = this.#instance.context.getOwnPropertyNames(handle);
    const isEmpty = names.error === undefined && names.value.length === 0;
    names.dispose();
    return isEmpty;
  }

  #describe(handle: QuickJSHandle): Result | undefined {
    const { context } = this.#instance;
    switch (context.typeof(handle)) {
      case 'number': {
        const number = context.getNumber(handle);
        const preview = Object.is(number, -0) ? '-0' : String(number);
        // JSON has no -0: what is replied must be what is stored.
        return Number.isFinite(number)
          ? { type: 'number', preview, json: number === 0 ? 0 : number }
          : { type: 'number', preview };
      }
      case 'undefined':
        return nothing;
      default:
        return this.#run.active(() =>
          this.#driver.describe(handle, Math.max(this.#run.outputLeft, leastPreview)),
        );
    }
  }

  #describeError(handle: QuickJSHandle): ExecutionError {
    return this.#run.withGrace(() => this.#driver.describeError(handle));
  }
}

/** Characters of a value that are shown even where the output limit is used up. */
const leastPreview = 256;

const exhausted: Ended = {
  status: 'limit_exceeded',
  error: { name: 'LimitError', message: 'no memory was left to describe the value', limit: 'memMb' },
  engine: 'full',
  unfinished: false,
};

function neverSettled(awaited: boolean): Ended {
  if (!awaited) {
    const result = { type: 'promise', preview: 'Promise { <pending> }' };
    return { status: 'ok', result, engine: 'sound', unfinished: false };
  }
  const message = 'the awaited promise can never settle: no timer is left that could do it';
  return { status: 'error', error: { name: 'Error', message }, engine: 'sound', unfinished: false };
}

const withFrames = (error: ExecutionError, frames: string): ExecutionError =>
  frames === '' ? error : { ...error, stack: `${error.name}: ${error.message}\n${frames}` };

const framesOf = (error: ExecutionError): string =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');

function sleep(ms: number, cancelled: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      cancelled.removeEventListener('abort', done);
      resolve();
    }
    cancelled.addEventListener('abort', done);
    if (cancelled.aborted) done();
  });
}
