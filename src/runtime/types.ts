// The runtime as another program sees it: services for templates, sessions and executions, and what they tell.
import type {
  Capability,
  CapabilityInput,
  Checkpoint,
  Event,
  Execution,
  ExecutionId,
  ExecutionStatus,
  Library,
  LibraryId,
  PinnedLibrary,
  PolicyInput,
  RunOptions,
  Session,
  SessionId,
  SessionInput,
  SessionStatus,
  Template,
  TemplateDocument,
  TemplateId,
} from '../records/index.js';

export interface RuntimeOptions {
  /** Path of the SQLite database, made with mode 0600 where it does not exist. */
  database: string;
  /** At most so many sessions in workers at once. Default 32: a worker costs about 12 MB. */
  maxLiveSessions?: number;
  /** Workers started ahead of need. Default 1. */
  spareWorkers?: number;
  /** How long ended executions are kept. Defaults: 30 days, and the newest 20,000. */
  history?: { maxAgeDays?: number; maxExecutions?: number };
  /**
   * When the states of sessions are stored, beside hibernation and the end: after every execution and before its
   * reply, when a session has been idle for so long (the default, 250 ms), or not at all before.
   */
  saving?: { when?: 'always' | 'idle' | 'exit'; afterIdleMs?: number };
  /** Sessions idle for longer leave memory. Default 10 minutes; 0 for never. */
  hibernateAfterMs?: number;
  /** How far `rollback` to an execution reaches: so many executions, so many bytes of a live session's memory. */
  undo?: { executions?: number; bytes?: number };
  /** Variables that a template's `env` capabilities may name. Default: `process.env`. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Where the libraries of templates come from. Default: there are none. */
  libraries?: LibrarySource;
  /**
   * Files and folders that no session reaches, whatever its template grants. Those of the database are always among
   * them.
   */
  closedPaths?: readonly string[];
  /** Told of what an operator should know. Default: nobody is. */
  log?: (entry: LogEntry) => void;
}

/** A cache of libraries. What it throws, an Error with a `code`, reaches whoever called the runtime as it is. */
export interface LibrarySource {
  /** By id or name, as it is now; called often. Throws with the code LIBRARY_NOT_FOUND. */
  get(library: string): Library;
  /** The code of exactly this content; rejects with INTEGRITY_MISMATCH or LIBRARY_UNAVAILABLE. */
  read(pin: PinnedLibrary): Promise<string>;
}

export interface LogEntry {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  sessionId?: SessionId;
  executionId?: ExecutionId;
  error?: unknown;
}

export interface Page<Item> {
  items: Item[];
  nextCursor?: string;
}

export interface PageInput {
  /** 1 to 500, default 50. */
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** Something that happened, for whoever listens (`Runtime.listen`). */
export type RuntimeEvent =
  | { kind: 'execution_event'; sessionId: SessionId; executionId: ExecutionId; event: Event }
  | { kind: 'session_changed'; session: Session }
  | { kind: 'session_deleted'; sessionId: SessionId };

export interface Templates {
  create(input: PolicyInput & { name: string }): Template;
  /** `template` is an id or a name, here and below. */
  get(template: string): Template;
  list(page?: PageInput): Page<Template>;
  update(template: string, change: PolicyInput & { name?: string | undefined }): Template;
  /** Deletes its sessions and their executions as well; live ones are ended first. */
  delete(template: string): Promise<void>;
  addStartup(template: string, file: { path: string; order?: number | undefined }): Template;
  removeStartup(template: string, path: string): Template;
  addCapability(template: string, capability: CapabilityInput): Template;
  removeCapability(template: string, capability: { kind: string; name: string }): Template;
  addLibrary(template: string, library: string): Template;
  removeLibrary(template: string, library: string): Template;
  /** The host modules a template may grant. */
  modules(): { name: string; description: string; functions: string[]; config: Record<string, unknown> }[];
}

/** One thing that applying a document changes: a field, or one entry of a list. */
export interface TemplateChange {
  /** As in `limits.cpuMs`, `capabilities.module fs`, `env.HOME`. */
  path: string;
  /** Absent for what was not there. */
  before?: unknown;
  /** Absent for what is no longer there. */
  after?: unknown;
}

/** Templates as documents, which say all that differs from the defaults. */
export interface TemplateDocuments {
  /**
   * Makes the template of this name, or changes it, to exactly what the document says: what it does not mention is as
   * in a new template. Where nothing changes, there is no new version. With `dryRun` it only says what it would do.
   */
  apply(document: TemplateDocument, options?: { dryRun?: boolean | undefined }): AppliedTemplate;
  /** What differs from the defaults; with `integrity`, libraries with that of their content. */
  export(template: string, options?: { integrity?: boolean | undefined }): TemplateDocument;
}

export interface AppliedTemplate {
  /** As it is now; absent where a dry run would have made it. */
  template?: Template;
  /** Whether there was none of this name. */
  created: boolean;
  changes: TemplateChange[];
  /** Whether anything was written. */
  applied: boolean;
}

export interface Suggestion {
  /** Of the template that the session was made from. */
  template: string;
  /** The smallest set that would have covered what was asked for. */
  capabilities: CapabilityInput[];
  /** What the session's version of the template grants beside it. */
  unused: { kind: Capability['kind']; name: string }[];
  /** Calls of the host that were looked at, and how many of them were denied. */
  calls: number;
  denied: number;
  /** Calls that left no event, or were too many to look at: an execution records so many and no more. */
  unrecorded: number;
  /** Calls that no capability allows. */
  uncovered: { module: string; call: string; target: string; reason: string }[];
}

export interface Suggestions {
  /** What a template would have to grant for what this session, or one execution, asked of the host. */
  suggest(of: { session: string } | { execution: string }): Suggestion;
}

export interface Sessions {
  /** Makes a session and runs its startup files; rejects with STARTUP_FAILED where one fails. */
  create(input: SessionInput & { template?: string | undefined }): Promise<Session>;
  /** `session` is an id or a name, here and below. */
  get(session: string): Session;
  list(
    filter?: PageInput & { status?: SessionStatus | undefined; template?: string | undefined },
  ): Page<Session>;
  /** Ends it; what runs in it is cancelled. Closing a closed session changes nothing. */
  close(session: string): Promise<Session>;
  delete(session: string): Promise<void>;
  /** Stops what it runs now; false where it runs nothing. */
  interrupt(session: string): boolean;
  /** Stores its state and frees its worker. */
  hibernate(session: string): Promise<Session>;
  /** Names that could follow `text`; `replaces` is the end of `text` that an item takes the place of. */
  complete(session: string, text: string): Promise<{ items: string[]; replaces: string }>;
}

/** Where a session is taken back to: a checkpoint (id or label), or the moment just before an execution ran. */
export type RollbackTarget = { checkpoint: string } | { execution: string };

export interface States {
  /** A new session with the same state; it sleeps until its first use. */
  fork(session: string, name?: string): Promise<Session>;
  /** Keeps the state as it is now, to go back to. */
  checkpoint(session: string, label?: string): Promise<Checkpoint>;
  /** Newest first. */
  checkpoints(session: string, page?: PageInput): Page<Checkpoint>;
  /** Takes the state back; what executions did outside of the session stays done. */
  rollback(session: string, target: RollbackTarget): Promise<Session>;
}

/** What goes along with one call. */
export interface CallHooks {
  /** Aborting cancels: one that runs ends `cancelled`, one that waits in line rejects with REQUEST_CANCELLED. */
  signal?: AbortSignal | undefined;
  /** Called once, as soon as the execution has its id. */
  onStart?: ((execution: ExecutionId, session: SessionId) => void) | undefined;
  /** Called with each event as it happens, before the call's promise settles. */
  onEvent?: ((event: Event) => void) | undefined;
}

export interface Executions {
  repl(
    input: RunOptions & { session: string; code: string; filename?: string | undefined },
    hooks?: CallHooks,
  ): Promise<Execution>;
  runFile(
    input: RunOptions & {
      session: string;
      path: string;
      args?: string[] | undefined;
      env?: Record<string, string> | undefined;
    },
    hooks?: CallHooks,
  ): Promise<Execution>;
  /** Without events. */
  get(execution: string): Execution;
  list(
    filter?: PageInput & { session?: string | undefined; status?: ExecutionStatus | undefined },
  ): Page<Execution>;
  events(
    execution: string,
    range?: { afterSeq?: number | undefined; limit?: number | undefined },
  ): {
    items: Event[];
    nextSeq: number;
  };
  /** False where it runs no more. */
  cancel(execution: string): boolean;
}

/** A library before it is one: to be tried. */
export type LibraryCandidate = Pick<Library, 'id' | 'name' | 'format' | 'global'> & { code: string };

export interface Libraries {
  /**
   * Loads it in an engine of its own, for at most 10 s and in 256 MiB: the names that can be imported from it. Rejects
   * with LIBRARY_UNAVAILABLE and the engine's message and line where it does not load.
   */
  check(candidate: LibraryCandidate): Promise<{ exports: string[] }>;
  /** The templates whose current version pins the library with this id, whatever its content. */
  users(library: string): { id: TemplateId; name: string }[];
  /**
   * Takes up that a library has another content now: templates that pin it get a new version with that, sessions keep
   * theirs and are announced as stale. What that means for warm starts is done later, in the background.
   */
  changed(library: Library): void;
  /** Announces the sessions that loaded it: it came or went, so what they say of it is not what it was. */
  announceUsers(library: LibraryId): void;
}

export interface Summary {
  sessions: { ready: number; live: number; hibernated: number; crashed: number; closed: number };
  liveSessionIds: SessionId[];
  executions: { running: number; total: number };
  workers: { busy: number; idle: number; max: number };
}

/** What goes on by itself, and when the next timer of any session is due; milliseconds since the epoch. */
export interface Pending {
  executions: number;
  nextTimerAt?: number | undefined;
}

export interface Runtime {
  readonly engine: { name: string; version: string };
  readonly templates: Templates;
  readonly documents: TemplateDocuments;
  readonly suggestions: Suggestions;
  readonly sessions: Sessions;
  readonly states: States;
  readonly executions: Executions;
  readonly libraries: Libraries;
  summary(): Summary;
  /** What would be delayed if the runtime were closed now. Cheap: the database is not asked. */
  pending(): Pending;
  /** Changes what can be changed while it is open; what is left out stays. */
  configure(change: Pick<RuntimeOptions, 'history' | 'hibernateAfterMs'>): void;
  /** Calls `listener` with everything that happens, until the returned function is called. */
  listen(listener: (event: RuntimeEvent) => void): () => void;
  /**
   * Waits at most `graceMs` (default 5000) for what runs, cancels the rest, stores every session and ends the
   * workers. Idempotent. The runtime is of no use afterwards.
   */
  close(options?: { graceMs?: number }): Promise<void>;
}
