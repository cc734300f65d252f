// One session while it is in memory: its worker, the shadow of its state, its turn, and what runs in it now.
import type { ExecutionId, Policy, SessionId } from '../records/index.js';
import type { Reference, Shadow } from './engine/image.js';
import type { StoredSession } from './store/sessions.js';
import type { StoredState } from './store/states.js';
import { Turns } from './turns.js';
import type { UndoHistory } from './undo-history.js';
import type { WorkerThread } from './workers/worker-thread.js';

/** The execution in progress, to be cancelled or asked for its events. */
export interface Running {
  readonly id: ExecutionId;
  cancel(): void;
  /** Writes what is not yet in the store: that it runs, and its events. */
  flush(): void;
}

export class LiveSession {
  record: StoredSession;
  readonly policy: Policy;
  readonly turns = new Turns();
  readonly history: UndoHistory;
  /** Absent until it is needed, and after its worker was killed. */
  worker: WorkerThread | undefined;
  shadow: Shadow | undefined;
  /** The image that the session's own differ from, and its memory; the base where there is none. */
  parent: { image: number; reference: Reference } | undefined;
  running: Running | undefined;
  /** Stops the loading of its libraries, while that is in progress. */
  stopLoading: (() => void) | undefined;
  /** What the store has, brought up to date with what it is to have: `image` is that of the last save. */
  state: StoredState;
  /** Whether the shadow is newer than the stored image. */
  dirty = false;
  usedAt = performance.now();
  saveDue: NodeJS.Timeout | undefined;
  /** Whether the execution that has the turn is to be cancelled as soon as it begins. */
  interrupted = false;
  /** Set by {@link end}. */
  ending = false;
  /** Set once it leaves memory: whoever waited for the turn must look the session up again. */
  gone = false;

  constructor(record: StoredSession, policy: Policy, state: StoredState, history: UndoHistory) {
    this.record = record;
    this.policy = policy;
    this.state = state;
    this.history = history;
  }

  get id(): SessionId {
    return this.record.id;
  }

  /** Cancels what runs, or what has the turn to run and has not begun; false where there is nothing. */
  interrupt(): boolean {
    this.running?.cancel();
    if (this.running !== undefined) return true;
    if (this.turns.holder !== 'execution') return false;
    this.interrupted = true;
    return true;
  }

  /** Cancels what runs, and what would run before the session's end. */
  end(): void {
    this.ending = true;
    this.running?.cancel();
    this.stopLoading?.();
  }
}
