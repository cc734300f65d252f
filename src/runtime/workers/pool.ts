// Workers, started ahead of need and used again: a lease is one worker for one session, until it is given back.
import { WorkerThread, type ThreadSetup } from './worker-thread.js';

export interface PoolOptions {
  /** What workers are set up with; the first ones start meanwhile. */
  setup: Promise<ThreadSetup>;
  /** Idle workers kept ready. */
  spare: number;
  /** Told where a worker that was started ahead did not start. */
  onStartFailed: (error: unknown) => void;
  /** Told of what fails in host modules and is not the script's doing. */
  onFault?: (error: unknown) => void;
}

/**
 * Where a worker was taken, the next one is started so much later: its start would slow what the taken one does first.
 */
const refillAfterMs = 100;

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #idle: WorkerThread[] = [];
  readonly #starting = new Set<Promise<WorkerThread>>();
  #closed = false;
  #refill: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    options.setup.catch(() => {}); // heard by whoever starts a worker
    this.#fill();
  }

  get idleCount(): number {
    return this.#idle.length;
  }

  /** A worker without a session: an idle one at once, else the next that is ready. */
  async lease(): Promise<WorkerThread> {
    this.#refuseWhenClosed();
    // The one that has been idle for longest: the last may still be booting its next engine.
    for (let idle = this.#idle.shift(); idle !== undefined; idle = this.#idle.shift()) {
      if (idle.ended) continue;
      this.#fillLater();
      return idle;
    }
    const [ahead = this.#start()] = this.#starting;
    this.#starting.delete(ahead);
    const worker = await ahead.finally(() => this.#fillLater());
    // Whoever closed the pool meanwhile could not see this worker.
    if (this.#closed) await worker.terminate();
    this.#refuseWhenClosed();
    return worker;
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new Error('worker pool is closed');
  }

  /** Takes a worker back: kept for the next session, unless it ended, is not done, or enough wait already. */
  async release(worker: WorkerThread): Promise<void> {
    if (worker.ended || worker.isBusy || this.#closed || this.#idle.length > this.#options.spare) {
      await worker.terminate();
      return;
    }
    worker.release();
    this.#idle.push(worker);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refill);
    const started = await Promise.allSettled(this.#starting);
    const ready = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await Promise.all([...this.#idle.splice(0), ...ready].map((worker) => worker.terminate()));
  }

  #start(): Promise<WorkerThread> {
    const started = WorkerThread.start(this.#options.setup, this.#options.onFault);
    this.#starting.add(started);
    return started;
  }

  #fillLater(): void {
    if (this.#closed) return;
    this.#refill ??= setTimeout(() => {
      this.#refill = undefined;
      this.#fill();
    }, refillAfterMs);
  }

  #fill(): void {
    const idle = this.#idle.filter(({ ended }) => !ended).length;
    if (this.#closed || idle + this.#starting.size >= this.#options.spare) return;
    const started = this.#start();
    started.then(
      (worker) => {
        // Whoever leased it while it started has taken it out of the set.
        if (this.#starting.delete(started)) this.#idle.push(worker);
        this.#fill(); // one after the other
      },
      (error: unknown) => {
        if (this.#starting.delete(started)) this.#options.onStartFailed(error);
      },
    );
  }
}
