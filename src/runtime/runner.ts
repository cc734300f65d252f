// One execution from its first event to its record: runs it in the session's worker, watches over it, writes it down.
import {
  newId,
  type Event,
  type EventBody,
  type Execution,
  type ExecutionError,
  type ExecutionStatus,
} from '../records/index.js';
import { stopError, type StopReason } from './engine/run.js';
import type { RunReport, RunRequest } from './engine/request.js';
import type { LiveSession } from './live-session.js';
import type { Store } from './store/store.js';
import type { CallHooks, LogEntry, RuntimeEvent } from './types.js';
import { WorkerEnded, type WorkerThread } from './workers/worker-thread.js';

/** How long the engine may take to notice by itself that it has to stop, before its thread is ended. */
const patienceMs = 500;
/** How often a run that is over its time is looked at again. */
const lookAgainMs = 100;
/**
 * An execution that ends sooner is written once, whole: two writes would make the usual call a third slower. Whoever
 * asks for it before has it written; a daemon that is killed before is one that the request did not reach.
 */
const writeAfterMs = 2;
/** How long events stay only in memory while their execution runs. */
const flushAfterMs = 200;

export interface RunSpec {
  /** What the execution's record says of its input. */
  input: Pick<Execution, 'kind' | 'code' | 'path' | 'args' | 'env'>;
  request: RunRequest;
  /** The text of the first event; none for a timer. */
  echo: string | undefined;
}

export interface RunnerOptions {
  store: Store;
  notify: (event: RuntimeEvent) => void;
  log: (entry: LogEntry) => void;
}

export class Runner {
  readonly #options: RunnerOptions;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs it in the session's worker; needs the turn. Rejects only where the record cannot be written. Afterwards
   * the session has its new state, or, with `state` `rolled_back`, the one from before; and no worker if that died.
   */
  async run(
    session: LiveSession,
    spec: RunSpec,
    hooks: CallHooks = {},
  ): Promise<{ execution: Execution; nextTimerMs?: number }> {
    const { worker } = session;
    if (worker === undefined) throw new Error(`session ${session.id} has no worker`);
    const record = new Recorder(session, spec, hooks, this.#options);
    const watch = new Watch(worker, spec.request);
    session.running = { id: record.execution.id, cancel: () => watch.cancel(), flush: () => record.flush() };
    const abort = () => watch.cancel();
    try {
      worker.onEvent = (event) => record.add(event);
      record.begin();
      const answered = worker.request({ type: 'run', request: spec.request });
      hooks.signal?.addEventListener('abort', abort, { once: true });
      if (hooks.signal?.aborted === true || session.ending) abort();
      const report = await answered.then(
        ({ report }) => report,
        (error: unknown) => this.#afterDeath(session, watch, spec, error),
      );
      const execution = record.end(report);
      const isTimer = spec.input.kind === 'timer';
      if (report.state === 'kept' || isTimer) {
        // A timer that was rolled back has taken the session's other timers with it.
        const number = report.state === 'kept' && record.number > 0 ? record.number : undefined;
        if (number !== undefined) session.state = { ...session.state, lastExecution: number };
        if (session.worker !== undefined) session.history.expect(number);
        session.dirty = true;
      }
      return { execution, ...(report.nextTimerMs === undefined ? {} : { nextTimerMs: report.nextTimerMs }) };
    } finally {
      hooks.signal?.removeEventListener('abort', abort);
      watch.end();
      worker.onEvent = undefined;
      session.running = undefined;
    }
  }

  /** The report of a run whose worker is no more: killed by the watch, or dead of its own. */
  #afterDeath(session: LiveSession, watch: Watch, spec: RunSpec, cause: unknown): RunReport {
    const { worker } = session;
    session.worker = undefined;
    void worker?.terminate();
    const { killedFor } = watch;
    if (killedFor === undefined) {
      this.#options.log({ level: 'error', message: 'worker died', sessionId: session.id, error: cause });
    }
    const error: ExecutionError =
      killedFor === undefined
        ? { name: 'EngineError', message: `the engine's thread ended: ${describeDeath(cause)}` }
        : stopError(killedFor, spec.request.limits);
    const status = killedFor === undefined ? 'crashed' : killedFor === 'cancelled' ? 'cancelled' : 'timeout';
    const metrics = { cpuMs: watch.elapsedMs, outputBytes: 0, memoryBytes: session.shadow?.head[0] ?? 0 };
    return { status, state: 'rolled_back', error, metrics };
  }
}

function describeDeath(cause: unknown): string {
  const inner = cause instanceof WorkerEnded ? cause.cause : cause;
  return inner instanceof Error ? inner.message : 'without a reason';
}

/** Looks at the clock for an engine that does not, and ends its thread when it is past its time. */
class Watch {
  readonly #worker: WorkerThread;
  readonly #request: RunRequest;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout;
  #cancelledAt: number | undefined;
  killedFor: StopReason | undefined;

  constructor(worker: WorkerThread, request: RunRequest) {
    this.#worker = worker;
    this.#request = request;
    const { cpuMs, wallMs } = request.limits;
    this.#timer = setTimeout(() => this.#look(), Math.min(cpuMs, wallMs) + patienceMs);
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  cancel(): void {
    if (this.#cancelledAt !== undefined) return;
    this.#cancelledAt = performance.now();
    this.#worker.cancel();
    this.#lookIn(patienceMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    const reason = this.#reasonToKill();
    if (reason === undefined) return this.#lookIn(lookAgainMs);
    this.killedFor = reason;
    void this.#worker.terminate();
  }

  #reasonToKill(): StopReason | undefined {
    const { cpuMs, wallMs } = this.#request.limits;
    if (this.#cancelledAt !== undefined && performance.now() - this.#cancelledAt >= patienceMs)
      return 'cancelled';
    if (this.elapsedMs >= wallMs + patienceMs) return 'wallMs';
    const used = this.#worker.runCpuMs();
    return used !== undefined && used >= cpuMs + patienceMs ? 'cpuMs' : undefined;
  }
}

/** Numbers the events, tells of them, and writes them and their execution into the store. */
class Recorder {
  readonly #session: LiveSession;
  readonly #spec: RunSpec;
  readonly #hooks: CallHooks;
  readonly #options: RunnerOptions;
  readonly #startedAt = performance.now();
  readonly #events: Event[] = [];
  #written = 0;
  #flushDue: NodeJS.Timeout | undefined;
  execution: Execution;
  /** Its number in the store; 0 while it is not written. */
  number = 0;

  constructor(session: LiveSession, spec: RunSpec, hooks: CallHooks, options: RunnerOptions) {
    this.#session = session;
    this.#spec = spec;
    this.#hooks = hooks;
    this.#options = options;
    this.execution = {
      id: newId('exe'),
      sessionId: session.id,
      ...spec.input,
      status: 'running',
      state: 'kept',
      startedAt: new Date().toISOString(),
      metrics: { cpuMs: 0, events: 0, outputBytes: 0, memoryBytes: 0 },
    };
  }

  begin(): void {
    if (this.#isTimer) return;
    this.#hooks.onStart?.(this.execution.id, this.#session.id);
    this.#flushDue = setTimeout(() => this.#flushLater(), writeAfterMs);
    if (this.#spec.echo !== undefined) this.add({ type: 'input_echo', payload: { text: this.#spec.echo } });
    // Who is told of it may ask for it, of a later daemon too.
    if (this.#hooks.onEvent !== undefined) this.flush();
  }

  get #isTimer(): boolean {
    return this.#spec.input.kind === 'timer';
  }

  /**
   * Whether there is nothing to write. A timer's execution is written only once there is something to say: a script
   * that ticks all day would push everything else out of the history.
   */
  get #isSilent(): boolean {
    return this.#isTimer && this.#events.length === 0;
  }

  add(body: EventBody): void {
    const event = { seq: this.#events.length + 1, ts: new Date().toISOString(), ...body } as Event;
    this.#events.push(event);
    this.#hooks.onEvent?.(event);
    this.#options.notify({
      kind: 'execution_event',
      sessionId: this.#session.id,
      executionId: this.execution.id,
      event,
    });
    this.#flushDue ??= setTimeout(() => this.#flushLater(), flushAfterMs);
  }

  #flushLater(): void {
    this.#flushDue = undefined;
    try {
      this.flush();
    } catch (error) {
      // They are written again with the end; if that fails too, the call fails.
      const { id } = this.execution;
      this.#options.log({ level: 'error', message: 'writing events failed', executionId: id, error });
    }
  }

  /** Writes what is not written yet. */
  flush(): void {
    if (this.#isSilent) return;
    if (this.number === 0) this.number = this.#options.store.executions.begin(this.execution);
    if (this.#written === this.#events.length) return;
    this.#options.store.executions.append(this.number, this.#events.slice(this.#written));
    this.#written = this.#events.length;
  }

  end(report: RunReport): Execution {
    if (report.result !== undefined && !this.#isTimer) this.add({ type: 'value', payload: report.result });
    if (report.error !== undefined) this.add({ type: 'exception', payload: report.error });
    clearTimeout(this.#flushDue);
    this.execution = {
      ...this.execution,
      status: report.status satisfies ExecutionStatus,
      state: report.state,
      endedAt: new Date().toISOString(),
      durationMs: Math.round((performance.now() - this.#startedAt) * 1000) / 1000,
      ...(report.result === undefined ? {} : { result: report.result }),
      ...(report.error === undefined ? {} : { error: report.error }),
      metrics: { ...report.metrics, events: this.#events.length },
    };
    if (this.#isSilent) return this.execution;
    const { executions } = this.#options.store;
    if (this.number === 0) this.number = executions.record(this.execution, this.#events);
    else executions.end(this.number, this.execution, this.#events.slice(this.#written));
    return { ...this.execution, events: this.#events };
  }
}
