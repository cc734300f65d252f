// What the main thread and a worker thread say to each other: one request and one answer at a time, and events.
import type { EventBody } from '../../records/index.js';
import type { Base, GuestSources } from '../engine/base.js';
import type { Image, Shadow } from '../engine/image.js';
import type { RunReport, RunRequest } from '../engine/request.js';

/** Memory that both threads see while a run computes. */
export interface Control {
  /** One word; not 0 while the run is to be cancelled. */
  cancel: Int32Array;
  /** One number: the CPU time of the worker's thread when the run began, milliseconds; NaN where unknown. */
  cpuAtStart: Float64Array;
}

/** What a worker is started with. */
export interface WorkerSetup {
  module: WebAssembly.Module;
  base: Base;
  sources: GuestSources;
  control: Control;
}

export type WorkerRequest =
  /** Takes a session: fresh where the shadow is empty, else as the shadow has it. */
  | { type: 'open'; maxMemoryMb: number; shadow: Shadow; takenAt?: number; console: boolean }
  | { type: 'run'; request: RunRequest }
  | { type: 'complete'; text: string }
  /** Packs the saved state as an image. */
  | { type: 'image' }
  /** Lets go of the session; the worker is free for another. */
  | { type: 'release' };

/** Not answered: wakes a run that sleeps, after the flag was set. */
export interface CancelMessage {
  type: 'cancel';
}

export type WorkerAnswer =
  /** It can take a session; `thread` is its id in the kernel. */
  | { type: 'ready'; thread?: number }
  | { type: 'opened'; nextTimerMs?: number }
  | { type: 'report'; report: RunReport }
  | { type: 'completed'; items: string[]; replaces: string }
  | { type: 'imaged'; image: Image }
  | { type: 'released' }
  | { type: 'failed'; message: string };

export interface EventMessage {
  type: 'event';
  event: EventBody;
}
