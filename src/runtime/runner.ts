// One execution from its first event to its record: runs it in the session's worker, watches over it, writes it down.
import {
  newId,
  type Event,
  type EventBody,
  type Execution,
  type ExecutionError,
  type ExecutionStatus,
} from '../records/index.js';
import { stopError } from './engine/run.js';
import type { RunReport, RunRequest } from './engine/request.js';
import type { LiveSession } from './live-session.js';
import type { Store } from './store/store.js';
import type { CallHooks, LogEntry, RuntimeEvent } from './types.js';
import { Watch } from './watch.js';
import { WorkerEnded } from './workers/worker-thread.js';

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
    const watch = new Watch(worker, spec.request.limits);
    session.running = { id: record.execution.id, cancel: () => watch.cancel(), flush: () => record.flush() };
    const abort = () => watch.cancel();
    try {
      worker.onEvent = (event) => record.add(event);
      record.begin();
      // An interrupt that came while the session woke is for the call, not for its start.
      const interrupted = session.interrupted && spec.input.kind !== 'startup';
      const isCancelled = hooks.signal?.aborted === true || session.ending || interrupted;
      const answered = worker.request({ type: 'run', request: spec.request }, { isCancelled });
      hooks.signal?.addEventListener('abort', abort, { once: true });
      if (isCancelled) abort();
      const report = await answered.then(
        ({ report }) => report,
        (error: unknown) => this.#afterDeath(session, watch, spec, error),
      );
      try {
        const execution = record.end(report);
        return {
          execution,
          ...(report.nextTimerMs === undefined ? {} : { nextTimerMs: report.nextTimerMs }),
        };
      } finally {
        noteChange(session, report, record);
      }
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

/** What a run changed is to be stored, and can be undone: also where its record could not be written. */
function noteChange(session: LiveSession, report: RunReport, record: Recorder): void {
  const isTimer = record.execution.kind === 'timer';
  if (report.state !== 'kept' && !isTimer) return;
  // A timer that was rolled back has taken the session's other timers with it.
  const number = report.state === 'kept' && record.number > 0 ? record.number : undefined;
  if (number !== undefined) session.state = { ...session.state, lastExecution: number };
  if (session.worker !== undefined) session.history.expect(number);
  session.dirty = true;
}

function describeDeath(cause: unknown): string {
  const inner = cause instanceof WorkerEnded ? cause.cause : cause;
  return inner instanceof Error ? inner.message : 'without a reason';
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
    try {
      if (this.number === 0) this.number = executions.record(this.execution, this.#events);
      else executions.end(this.number, this.execution, this.#events.slice(this.#written));
    } catch (error) {
      this.#endUnwritten(error);
      throw error;
    }
    return { ...this.execution, events: this.#events };
  }

  /** Where the end does not fit into the store, at least that it came: the record must not say for ever that it runs. */
  #endUnwritten(cause: unknown): void {
    const { result: _, ...execution } = this.execution;
    const why = cause instanceof Error ? cause.message : String(cause);
    const error = {
      name: 'StorageError',
      message: `the execution ended with status ${execution.status}, but its record could not be written: ${why}`,
    };
    const metrics = { ...execution.metrics, events: this.#written };
    const bare: Execution = { ...execution, status: 'crashed', error, metrics };
    try {
      const { executions } = this.#options.store;
      if (this.number === 0) this.number = executions.record(bare, []);
      else executions.end(this.number, bare, []);
    } catch (failure) {
      const { id } = execution;
      const message = 'writing the end of an execution failed';
      this.#options.log({ level: 'error', message, executionId: id, error: failure });
    }
  }
}
