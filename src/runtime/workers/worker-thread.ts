// The main thread's end of one worker: requests and answers in order, events, cancelling, and its death.
import { Worker } from 'node:worker_threads';
import type { EventBody } from '../../records/index.js';
import type { Undo } from '../engine/image.js';
import { Desk } from '../capabilities/outside/desk.js';
import { services } from '../capabilities/outside/services.js';
import { threadStackMb } from '../engine/stack-sizes.js';
import { cpuMsOfThread } from '../engine/thread-clock.js';
import {
  Phase,
  type CancelMessage,
  type Control,
  type FromWorker,
  type ReleaseMessage,
  type WorkerAnswer,
  type WorkerRequest,
  type WorkerSetup,
} from './messages.js';

/** The worker ended before it answered; `cause` says why where the thread itself failed. */
export class WorkerEnded extends Error {
  override readonly name = 'WorkerEnded';
}

interface AnswerTypes {
  open: 'opened' | 'unrestorable';
  run: 'report';
  complete: 'completed';
  load: 'loaded' | 'unloadable';
  check: 'checked' | 'unloadable';
  image: 'imaged';
  reach: 'reached';
  sync: 'synced';
}

type AnswerTo<Type extends WorkerRequest['type']> = Extract<WorkerAnswer, { type: AnswerTypes[Type] }>;

// The worker is one of the bundles.
const entry = new URL('../../bundle/worker.js', import.meta.url);

/** What a worker is started with, but for what is its own. */
export type ThreadSetup = Omit<WorkerSetup, 'type' | 'control' | 'outside'>;

interface Pending {
  resolve: (answer: WorkerAnswer) => void;
  reject: (error: Error) => void;
}

export class WorkerThread {
  readonly #worker: Worker;
  readonly #control: Control;
  readonly #desk: Desk;
  #pending: Pending | undefined;
  #failure: unknown;
  #ended = false;
  #kernelId: number | undefined;
  /** Told of what each run changed, in the order of their reports. */
  onUndo: ((undo: Undo) => void) | undefined;
  /** Told of faults of ours in what is done for scripts. */
  readonly #onFault: ((error: unknown) => void) | undefined;
  /** Told of the events of the run in progress. */
  onEvent: ((event: EventBody) => void) | undefined;

  private constructor(onFault?: (error: unknown) => void) {
    this.#onFault = onFault;
    this.#control = {
      cancel: new Int32Array(new SharedArrayBuffer(4)),
      cpuAtStart: new Float64Array(new SharedArrayBuffer(8)),
      phase: new Int32Array(new SharedArrayBuffer(4)),
    };
    this.#desk = new Desk(services, (error) => onFault?.(error));
    this.#worker = new Worker(entry, {
      execArgv: [],
      env: {},
      resourceLimits: { stackSizeMb: threadStackMb },
    });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => {
      this.#failure = error;
    });
    this.#worker.on('exit', () => {
      this.#ended = true;
      void this.#desk.close();
      this.#pending?.reject(new WorkerEnded('the worker ended', { cause: this.#failure }));
      this.#pending = undefined;
    });
  }

  /** Starts a worker, which begins before its setup is there, and waits until it can take a session. */
  static async start(setup: Promise<ThreadSetup>, onFault?: (error: unknown) => void): Promise<WorkerThread> {
    const thread = new WorkerThread(onFault);
    const ready = new Promise<WorkerAnswer>((resolve, reject) => {
      thread.#pending = { resolve, reject };
    });
    const [answer] = await Promise.all([ready, thread.#setUp(setup)]);
    if (answer.type === 'ready') thread.#kernelId = answer.thread;
    return thread;
  }

  async #setUp(setup: Promise<ThreadSetup>): Promise<void> {
    try {
      const outside = this.#desk.setup;
      const message: WorkerSetup = { type: 'setup', ...(await setup), control: this.#control, outside };
      this.#worker.postMessage(message, [outside.port]);
    } catch (error) {
      this.#failure = error;
      await this.terminate();
      throw error;
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** CPU time that the run in progress has used, milliseconds; `undefined` where the kernel does not say. */
  runCpuMs(): number | undefined {
    const now = this.#kernelId === undefined ? undefined : cpuMsOfThread(this.#kernelId);
    const start = this.#control.cpuAtStart[0] ?? Number.NaN;
    return now === undefined || Number.isNaN(start) ? undefined : now - start;
  }

  /** Whether it still saves what the run before changed: then it must not be ended, and it will not be long. */
  get isSaving(): boolean {
    return Atomics.load(this.#control.phase, 0) === Phase.saving;
  }

  /** Whether a run is in progress: it has begun, and its report is not on its way. */
  get isRunning(): boolean {
    return Atomics.load(this.#control.phase, 0) === Phase.running;
  }

  /**
   * Takes the right to report from the run in progress, so that its thread can be ended. False where none is in
   * progress.
   */
  condemn(): boolean {
    const { phase } = this.#control;
    return Atomics.compareExchange(phase, 0, Phase.running, Phase.condemned) === Phase.running;
  }

  /** Why the thread failed, where it did so by itself. */
  get failure(): unknown {
    return this.#failure;
  }

  /**
   * Sends one request and waits for its answer; rejects with {@link WorkerEnded} where the worker ends first. A run that
   * is cancelled already runs no code.
   */
  request<Type extends WorkerRequest['type']>(
    message: Extract<WorkerRequest, { type: Type }>,
    { isCancelled = false } = {},
  ): Promise<AnswerTo<Type>> {
    if (this.#ended) return Promise.reject(new WorkerEnded('the worker has ended', { cause: this.#failure }));
    if (this.#pending !== undefined)
      return Promise.reject(new Error('worker: a request is still unanswered'));
    // The session before, or this one as it was before it went back, holds nothing any more.
    if (message.type === 'open') void this.#desk.release();
    Atomics.store(this.#control.cancel, 0, isCancelled ? 1 : 0);
    this.#control.cpuAtStart[0] = Number.NaN;
    return new Promise((resolve, reject) => {
      this.#pending = {
        resolve: (answer) => {
          if (answer.type === 'failed') reject(new Error(`worker: ${message.type}: ${answer.message}`));
          else resolve(answer as AnswerTo<Type>);
        },
        reject,
      };
      this.#worker.postMessage(message);
    });
  }

  /** Asks the run in progress to stop; it answers as soon as its code polls, and at once where it waits. */
  cancel(): void {
    Atomics.store(this.#control.cancel, 0, 1);
    const message: CancelMessage = { type: 'cancel' };
    this.#worker.postMessage(message);
  }

  /** Whether a request is still unanswered. */
  get isBusy(): boolean {
    return this.#pending !== undefined;
  }

  /** Has it let go of its session: it can be given another at once. */
  release(): void {
    void this.#desk.release();
    this.onUndo = undefined;
    this.onEvent = undefined;
    const message: ReleaseMessage = { type: 'release' };
    this.#worker.postMessage(message);
  }

  /** Ends the thread, whatever it does. */
  async terminate(): Promise<void> {
    // Together: what was begun outside for a script ends as soon as its thread does.
    await Promise.all([this.#desk.close(), this.#worker.terminate()]);
  }

  #receive(message: FromWorker): void {
    if (message.type === 'undo') {
      this.onUndo?.(message.undo);
      return;
    }
    if (message.type === 'fault') {
      this.#onFault?.(message.error);
      return;
    }
    if (message.type === 'event') {
      this.onEvent?.(message.event);
      return;
    }
    if (message.type === 'report') this.#desk.runEnded(message.report);
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve(message);
  }
}
