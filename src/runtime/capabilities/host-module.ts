// A host module: functions of the host that a script may call once its template grants the module. Its guest side is
// JavaScript with Node's names (`guest/NAME.ts`, run inside the engine); its host side is here, in the worker's thread.
import type { Capability, HostCall } from '../../records/index.js';
import type { HostValue } from '../engine/module-host.js';
import type { RunReport } from '../engine/request.js';
import type { ServiceName } from './outside/messages.js';

/** What everybody may know of a host module: see `catalogue.ts`. */
export interface CatalogueEntry {
  name: string;
  /** What scripts may call it in `import` and `require`, each with the guest side that they get. */
  specifiers: Readonly<Record<string, string>>;
  /** The variable that a capability of kind `global` makes of it: all of the module, or one of its exports. */
  global: { name: string; export?: string };
  /** Exports that are variables as well, wherever that one is. */
  moreGlobals?: readonly string[];
  /** Capabilities of this kind make it, each for what it names; it cannot be granted as a module. */
  grantedBy?: 'net';
  description: string;
  functions: readonly string[];
}

/** The part of a host module that a worker loads when a session needs it. */
export interface HostModule {
  open(context: HostContext): OpenHostModule;
}

/** The host side of a module in one session's worker. */
export interface OpenHostModule {
  /** Throws {@link HostError} for what the script is to catch; anything else is a fault of ours. */
  call(name: string, args: readonly HostValue[]): HostAnswer;
  /** Told that a run ended: what it took up of the host is let go of where the session is as it was before. */
  runEnded?(end: RunEnd): void;
  /** Lets go of what it holds of the host: the session leaves its worker. */
  close?(): void;
}

/** How a run ended: whether it went well, and whether what it did to the session's memory was kept. */
export type RunEnd = Pick<RunReport, 'status' | 'state'>;

export interface HostAnswer {
  value: HostValue;
  /** What the call was about, for the ledger: a path, a program, an origin. */
  target?: string;
  /** How much it read or wrote. */
  bytes?: number;
  /** Whether the target is changed by it, where the function's name does not say so. */
  write?: boolean;
  /** A second path: where a file was put, the folder a program ran in. */
  path?: string;
  /** What the ledger gets instead of this call: what was done since, nothing of a question for it. */
  calls?: readonly Omit<HostCall, 'module'>[];
}

/** What a module knows of the session that it serves. */
export interface HostContext<Config = unknown> {
  /** As the capability has it; each module parses its own (see `configs.ts`). */
  config: Config;
  /** Absolute real path. */
  worktree: string | undefined;
  /** All of the template, of every kind; disabled ones deny what they name. */
  capabilities: readonly Capability[];
  /** The variables that the running execution has. */
  environment(): Readonly<Record<string, string>>;
  /** The template's name, for messages that say how to grant what is missing. */
  template: string;
  /** Folders that no grant reaches into: the daemon's own. */
  closed: readonly string[];
  /** Milliseconds until the running execution must end. */
  leftMs(): number;
  /** A number that is another for each execution. */
  run(): number;
  /**
   * Has the main thread do something that takes time (a program, a query), and waits for it without using the CPU.
   * Throws HostError; ends early, with what was begun stopped, where the execution is cancelled or out of time.
   */
  outside(service: ServiceName, request: HostValue): HostValue;
}

/** An error for the script: it arrives there as an Error with these fields. */
export class HostError extends Error {
  override readonly name = 'HostError';
  /** As Node has it: `ENOENT`, `EACCES`, `ERR_INVALID_ARG_TYPE`, … */
  readonly code: string;
  readonly fields: { syscall?: string; path?: string; dest?: string; errno?: number };
  /** What it was about, for the ledger. */
  readonly target: string | undefined;
  /** Whether it is the template that does not allow it. */
  readonly denied: boolean;
  /** As in {@link HostAnswer}. */
  readonly ledger: Pick<HostAnswer, 'write' | 'path'>;

  constructor(
    code: string,
    message: string,
    options: {
      fields?: HostError['fields'];
      target?: string;
      denied?: boolean;
      ledger?: HostError['ledger'];
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.fields = options.fields ?? {};
    this.target = options.target;
    this.denied = options.denied ?? false;
    this.ledger = options.ledger ?? {};
  }
}
