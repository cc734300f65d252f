// One run's limits while it runs: when to stop it and why, and how much it may still say.
import type { EventBody, ExecutionError, HostCall, Limits } from '../../records/index.js';
import { threadCpuMs } from './thread-clock.js';

export type StopReason = 'wallMs' | 'cpuMs' | 'maxEvents' | 'maxOutputKb' | 'cancelled';

/** Time to describe what a stopped run threw: describing may run the guest's code, which has no time left. */
const graceMs = 200;
/** Below this the kernel's account of CPU time is too coarse to be of use. */
const kernelStepMs = 20;
/** Events kept free for the echo of the input and the value or exception at the end. */
const reservedEvents = 2;
/** Calls of the host that are recorded one by one: enough to see what a script does, few enough for one that loops. */
const recordedCalls = 200;
/** Beyond those, calls that are not like one before, so that a loop hides nothing: allowed ones, and denied ones. */
const recordedBeyond = 400;

export class Run {
  readonly limits: Limits;
  readonly #emit: (event: EventBody) => void;
  readonly #isCancelled: () => boolean;
  readonly #startedAt = performance.now();
  /** CPU time the thread had used when the run began, milliseconds; `undefined` where the kernel does not say. */
  readonly cpuAtStart = threadCpuMs();
  readonly #eventsAllowed: number;
  readonly #outputAllowed: number;
  #activeMs = 0;
  #activeSince: number | undefined;
  #graceUntil: number | undefined;
  #stop: StopReason | undefined;
  #events = 0;
  /** Calls of the host that were recorded, each kind of them, and those of which one is enough. */
  readonly #recorded = { first: 0, allowed: 0, denied: 0 };
  readonly #seen = new Set<string>();
  readonly #unrecorded = { calls: 0, denied: 0 };
  outputBytes = 0;

  constructor(limits: Limits, isCancelled: () => boolean, emit: (event: EventBody) => void) {
    this.limits = limits;
    this.#isCancelled = isCancelled;
    this.#emit = emit;
    this.#eventsAllowed = Math.max(0, limits.maxEvents - reservedEvents);
    this.#outputAllowed = limits.maxOutputKb * 1024;
  }

  /** Why the run was stopped, once it was. */
  get stop(): StopReason | undefined {
    return this.#stop;
  }

  /** Milliseconds of wall time left, at least 0. */
  get leftMs(): number {
    return Math.max(0, this.#startedAt + this.limits.wallMs - performance.now());
  }

  /** CPU time the guest used, milliseconds: the kernel's account where it has one, else the time it was active. */
  get cpuMs(): number {
    const active = this.#active();
    // The kernel counts in steps of some milliseconds: for a short run the clock says more.
    if (active < kernelStepMs) return active;
    const now = threadCpuMs();
    if (now === undefined || this.cpuAtStart === undefined) return active;
    return Math.min(active, now - this.cpuAtStart);
  }

  /** Characters that may still be printed or returned. */
  get outputLeft(): number {
    return Math.max(0, this.#outputAllowed - this.outputBytes);
  }

  /** Runs `work`, in which the guest computes, and counts its time. */
  active<T>(work: () => T): T {
    this.#activeSince = performance.now();
    try {
      return work();
    } finally {
      this.#activeMs = this.#active();
      this.#activeSince = undefined;
    }
  }

  #active(): number {
    return this.#activeMs + (this.#activeSince === undefined ? 0 : performance.now() - this.#activeSince);
  }

  /** Whether the guest has to stop now; once true, always true. Cheap: asked every few thousand bytecodes. */
  shouldStop(): boolean {
    if (this.#graceUntil !== undefined) return performance.now() > this.#graceUntil;
    if (this.#stop !== undefined) return true;
    if (this.#isCancelled()) this.#stop = 'cancelled';
    else if (this.leftMs === 0) this.#stop = 'wallMs';
    else if (this.#active() > this.limits.cpuMs && this.cpuMs > this.limits.cpuMs) this.#stop = 'cpuMs';
    return this.#stop !== undefined;
  }

  /** Lets the guest go on to describe how it ended: in the time it has left, or for a moment where it was stopped. */
  withGrace<T>(work: () => T): T {
    if (this.#stop === undefined) return this.active(work);
    this.#graceUntil = performance.now() + graceMs;
    try {
      return work();
    } finally {
      this.#graceUntil = undefined;
    }
  }

  /** Records what the guest printed; past a limit it is cut or dropped, and the run is stopped. */
  print(type: 'console' | 'stdout' | 'stderr', level: string, text: string): void {
    if (this.#stop !== undefined) return;
    if (this.#events >= this.#eventsAllowed) {
      this.#stop = 'maxEvents';
      return;
    }
    const bytes = Buffer.byteLength(text);
    const fits = bytes <= this.outputLeft;
    const shown = fits ? text : Buffer.from(text).subarray(0, this.outputLeft).toString();
    if (!fits) this.#stop = 'maxOutputKb';
    this.#events += 1;
    this.outputBytes += Math.min(bytes, this.outputLeft);
    this.#emit(
      (type === 'console'
        ? { type, payload: { level, text: shown } }
        : { type, payload: { text: shown } }) as EventBody,
    );
  }

  /** Records a call of the host. They have bounds of their own, past which they are only counted. */
  note(call: HostCall): void {
    if (!this.#isToBeRecorded(call)) {
      this.#unrecorded.calls += 1;
      if (!call.allowed) this.#unrecorded.denied += 1;
      return;
    }
    this.#emit({ type: 'host', payload: call });
  }

  #isToBeRecorded({ module, call, target, path, write, allowed }: HostCall): boolean {
    const key = JSON.stringify([module, call, target, path, write, allowed]);
    const kind = this.#recorded.first < recordedCalls ? 'first' : allowed ? 'allowed' : 'denied';
    if (kind !== 'first' && (this.#seen.has(key) || this.#recorded[kind] >= recordedBeyond)) return false;
    this.#recorded[kind] += 1;
    this.#seen.add(key);
    return true;
  }

  /** Says how many calls of the host were not recorded; for the end of the run. */
  noteUnrecorded(): void {
    const { calls, denied } = this.#unrecorded;
    if (calls === 0) return;
    const message = `${calls} more calls of the host were not recorded, ${denied} of them denied`;
    this.#emit({ type: 'system', payload: { level: 'info', message } });
  }

  /** Counts the text of the value or error that it ended with. */
  countOutput(chars: number): void {
    this.outputBytes += chars;
  }
}

/** The error that says which limit, or whose wish, ended a run. */
export const stopError = (reason: StopReason, limits: Limits): ExecutionError => stopErrors[reason](limits);

const stopErrors: Record<StopReason, (limits: Limits) => ExecutionError> = {
  wallMs: ({ wallMs }) => ({
    name: 'TimeoutError',
    message: `wall time limit of ${wallMs} ms exceeded`,
    limit: 'wallMs',
  }),
  cpuMs: ({ cpuMs }) => ({
    name: 'TimeoutError',
    message: `CPU time limit of ${cpuMs} ms exceeded`,
    limit: 'cpuMs',
  }),
  maxEvents: ({ maxEvents }) => ({
    name: 'LimitError',
    message: `limit of ${maxEvents} events exceeded`,
    limit: 'maxEvents',
  }),
  maxOutputKb: ({ maxOutputKb }) => ({
    name: 'LimitError',
    message: `output limit of ${maxOutputKb} KiB exceeded`,
    limit: 'maxOutputKb',
  }),
  cancelled: () => ({ name: 'CancelledError', message: 'the execution was cancelled' }),
};
