// What an engine is asked to run, and what it says of how that ended.
import type {
  ExecutionError,
  ExecutionStatus,
  Limits,
  Metrics,
  Result,
  StateOutcome,
} from '../../records/index.js';

/** What is to be run. */
export interface RunRequest {
  /** `timer`: one due timer, no code. */
  kind: 'repl' | 'script' | 'module' | 'timer';
  code: string;
  filename: string;
  /**
   * Whether a script finds `module` and `exports`, as what a program begins with. A startup file does not: what it makes
   * are the session's globals, and many a script makes some only where there is no `module`.
   */
  isMain?: boolean;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Absolute: the folder that relative paths are relative to. Absent: `/`. */
  cwd?: string | undefined;
  strict: boolean;
  limits: Limits;
  until: 'value' | 'idle';
  rollbackOnFailure: boolean;
}

/** How it ended. */
export interface RunReport {
  status: Exclude<ExecutionStatus, 'running' | 'interrupted'>;
  state: StateOutcome;
  result?: Result;
  error?: ExecutionError;
  /** The events are the caller's to count. */
  metrics: Omit<Metrics, 'events'>;
  /** Milliseconds until the session's next timer is due, where it has one. */
  nextTimerMs?: number;
}
