// What the main thread and a worker thread say to each other: one request and one answer at a time, and events.
import type { EventBody, Limits } from '../../records/index.js';
import type { OutsideSetup } from '../capabilities/outside/desk.js';
import type { Base, GuestSources } from '../engine/base.js';
import type { Image, Reference, Shadow, Undo } from '../engine/image.js';
import type { LibraryCode } from '../engine/module-host.js';
import type { RunReport, RunRequest } from '../engine/request.js';
import type { ModuleSettings } from '../modules/module-settings.js';

/** Memory that both threads see while a run computes. */
export interface Control {
  /** One word; not 0 while the run is to be cancelled. */
  cancel: Int32Array;
  /** One number: the CPU time of the worker's thread when the run began, milliseconds; NaN where unknown. */
  cpuAtStart: Float64Array;
  /** One word, a {@link Phase}: of a run, either the worker reports it or the main thread ends it, never both. */
  phase: Int32Array;
}

/** What a worker is at, as far as ending its thread is concerned. */
export const Phase = {
  /** No run has begun since the last one was saved. */
  idle: 0,
  /** Somebody's code runs or loads; the thread may be ended, once it is condemned. */
  running: 1,
  /** The run is over: its report is sent and its effect saved. A thread that ended now would leave half of that. */
  saving: 2,
  /** The main thread ends it: what the run did is not reported any more. */
  condemned: 3,
} as const;

/** What a worker needs for its first engine: its first message, for its thread is started before there is all of it. */
export interface WorkerSetup {
  type: 'setup';
  module: WebAssembly.Module;
  base: Base;
  sources: GuestSources;
  control: Control;
  /** The way to the main thread for what host modules need of it. */
  outside: OutsideSetup;
  /** The memory that most sessions may have, MiB: engines are booted ahead with it. */
  usualMemoryMb: number;
}

export type WorkerRequest =
  | OpenRequest
  | { type: 'run'; request: RunRequest }
  | { type: 'complete'; text: string }
  /** Loads libraries into a fresh session, in this order, before its first run, and saves its state. */
  | { type: 'load'; libraries: LibraryCode[]; limits: Limits }
  /** Loads a library in an engine of its own; the worker holds no session. */
  | { type: 'check'; library: LibraryCode; limits: Limits }
  /** Packs the saved state as an image: what differs from the reference, or from the base. */
  | { type: 'image'; reference?: Reference }
  /** Whether the session, since it is in the worker, has looked for files or called the host. */
  | { type: 'reach' }
  /** Answered when everything before it was sent. */
  | { type: 'sync' };

/** Takes a session: as its shadow has it; where that is empty, as its image has it, or fresh from the reference. */
export interface OpenRequest {
  type: 'open';
  maxMemoryMb: number;
  shadow: Shadow;
  /** Absent: the base. */
  reference?: Reference;
  image?: Image;
  /** Timers of the state are due so much later. */
  shiftTimersMs: number;
  console: boolean;
  /** What its scripts may import. Absent: nothing. */
  modules?: ModuleSettings;
}

/** Not answered: the worker lets go of its session, and is free for another. */
export interface ReleaseMessage {
  type: 'release';
}

/** Not answered: wakes a run that sleeps, after the flag was set. */
export interface CancelMessage {
  type: 'cancel';
}

export type WorkerAnswer =
  /** It can take a session; `thread` is its id in the kernel. */
  | { type: 'ready'; thread?: number }
  /** `undo`: what waking itself changed, where the state came from an image. */
  | { type: 'opened'; nextTimerMs?: number; undo?: Undo }
  /** The image cannot be restored. */
  | { type: 'unrestorable'; message: string }
  | { type: 'report'; report: RunReport }
  | { type: 'loaded'; nextTimerMs?: number; libraries: { id: string; ms: number; exports: string[] }[] }
  | { type: 'checked'; exports: string[] }
  /** The library does not load: the engine's message and line. */
  | { type: 'unloadable'; id: string; message: string }
  | { type: 'completed'; items: string[]; replaces: string }
  | { type: 'imaged'; image: Image }
  | { type: 'reached'; hasReached: boolean }
  | { type: 'synced' }
  | { type: 'failed'; message: string };

export interface EventMessage {
  type: 'event';
  event: EventBody;
}

/** Follows the report of every run whose effect was kept: what the run changed. */
export interface UndoMessage {
  type: 'undo';
  undo: Undo;
}

/** A host module failed in a way that is not the script's doing. */
export interface FaultMessage {
  type: 'fault';
  error: unknown;
}

export type FromWorker = WorkerAnswer | EventMessage | UndoMessage | FaultMessage;
