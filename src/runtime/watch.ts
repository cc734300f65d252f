// The main thread's eye on a run: past its time, an engine that does not notice by itself loses its thread.
import type { Limits } from '../records/index.js';
import type { StopReason } from './engine/run.js';
import type { WorkerThread } from './workers/worker-thread.js';

/** How long the engine may take to notice by itself that it has to stop, before its thread is ended. */
const patienceMs = 500;
/** How often a run that is over its time is looked at again. */
const lookAgainMs = 100;
/** Looks at the clock for an engine that does not, and ends its thread when it is past its time. */
export class Watch {
  readonly #worker: WorkerThread;
  readonly #limits: Pick<Limits, 'cpuMs' | 'wallMs'>;
  #startedAt = performance.now();
  #timer: NodeJS.Timeout;
  #cancelledAt: number | undefined;
  killedFor: StopReason | undefined;

  constructor(worker: WorkerThread, limits: Pick<Limits, 'cpuMs' | 'wallMs'>) {
    this.#worker = worker;
    this.#limits = limits;
    const { cpuMs, wallMs } = limits;
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
    // It has not begun, or it is over.
    if (!this.#worker.isRunning) this.#startedAt = performance.now();
    const reason = this.#reasonToKill();
    if (reason === undefined || !this.#worker.condemn()) return this.#lookIn(lookAgainMs);
    this.killedFor = reason;
    void this.#worker.terminate();
  }

  #reasonToKill(): StopReason | undefined {
    const { cpuMs, wallMs } = this.#limits;
    if (this.#cancelledAt !== undefined && performance.now() - this.#cancelledAt >= patienceMs)
      return 'cancelled';
    if (this.elapsedMs >= wallMs + patienceMs) return 'wallMs';
    const used = this.#worker.runCpuMs();
    return used !== undefined && used >= cpuMs + patienceMs ? 'cpuMs' : undefined;
  }
}
