// One session while it is in memory: its worker, the shadow of its state, its turn, and what runs in it now.
import type { ExecutionId, Policy, SessionId } from '../records/index.js';
import type { Shadow } from './engine/image.js';
import type { StoredSession } from './store/sessions.js';
import { Turns } from './turns.js';
import type { WorkerThread } from './workers/worker-thread.js';

/** The execution in progress, to be cancelled or asked for its events. */
export interface Running {
  readonly id: ExecutionId;
  cancel(): void;
  /** Writes the events that are not yet in the store. */
  flush(): void;
}

export class LiveSession {
  record: StoredSession;
  readonly policy: Policy;
  readonly turns = new Turns();
  /** Absent until it is needed, and after its worker was killed. */
  worker: WorkerThread | undefined;
  shadow: Shadow | undefined;
  running: Running | undefined;
  /** Number of the last execution whose effect the shadow holds. */
  lastExecution: number;
  /** Whether the shadow is newer than the stored image. */
  dirty = false;
  usedAt = performance.now();
  timerDue: NodeJS.Timeout | undefined;
  saveDue: NodeJS.Timeout | undefined;
  /** Set once it leaves memory: whoever waited for the turn must look the session up again. */
  gone = false;

  constructor(record: StoredSession, policy: Policy, lastExecution: number) {
    this.record = record;
    this.policy = policy;
    this.lastExecution = lastExecution;
  }

  get id(): SessionId {
    return this.record.id;
  }

  clearSchedules(): void {
    clearTimeout(this.timerDue);
    clearTimeout(this.saveDue);
    this.timerDue = undefined;
    this.saveDue = undefined;
  }
}
