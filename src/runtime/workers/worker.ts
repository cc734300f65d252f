// The worker thread: holds the engine of one session at a time and does what the main thread asks, in order.
import { parentPort } from 'node:worker_threads';
import type { EventBody, ExecutionError, Limits } from '../../records/index.js';
import { createShadow, fillShadow, isEmpty, type Reference, type Shadow } from '../engine/image.js';
import { describeFailure } from '../engine/library-loading.js';
import type { LibraryCode, ModuleHost } from '../engine/module-host.js';
import type { RunRequest } from '../engine/request.js';
import { ImageError } from '../engine/sealed-pages.js';
import { Sandbox } from '../engine/sandbox.js';
import { bootAhead as bootEngine, type BootedEngine } from '../engine/saved-engine.js';
import { threadId } from '../engine/thread-clock.js';
import { globalsOf } from '../modules/granted-modules.js';
import { createModuleHost, type OpenModuleHost } from '../modules/module-host.js';
import type { ModuleSettings } from '../modules/module-settings.js';
import { prepareRun } from '../modules/prepare-run.js';
import { openHostSide } from './host-side.js';
import {
  Phase,
  type CancelMessage,
  type EventMessage,
  type FaultMessage,
  type OpenRequest,
  type ReleaseMessage,
  type UndoMessage,
  type WorkerAnswer,
  type WorkerRequest,
  type WorkerSetup,
} from './messages.js';

const port = parentPort;
if (port === null) throw new Error('worker.js runs as a worker thread only');

/** Said by the first message. */
let setup: WorkerSetup;
let sandbox: Sandbox | undefined;
let booted: BootedEngine | undefined;
let cancelled = new AbortController();
let queue: Promise<void> = Promise.resolve();

const reportFault = (error: unknown): void =>
  port.postMessage({ type: 'fault', error } satisfies FaultMessage);
const answer = (message: WorkerAnswer | EventMessage): void => port.postMessage(message);

async function open(request: OpenRequest): Promise<WorkerAnswer> {
  const { shadow, reference = setup.base, image } = request;
  const inMemory = !isEmpty(shadow);
  try {
    if (!inMemory && image !== undefined) fillShadow(shadow, setup.base, reference, image);
  } catch (error) {
    if (error instanceof ImageError) return { type: 'unrestorable', message: error.message };
    throw error;
  }
  closeModules();
  const modules = request.modules === undefined ? undefined : await openModules(request.modules);
  const opened = await openSandbox(request.maxMemoryMb, shadow, reference, modules);
  sandbox = opened;
  const undo = inMemory ? undefined : opened.resume(request.shiftTimersMs);
  if (!inMemory && image === undefined) applySettings(opened, request);
  const nextTimerMs = opened.nextTimerMs();
  return {
    type: 'opened',
    ...(nextTimerMs === undefined ? {} : { nextTimerMs }),
    ...(undo === undefined || image === undefined ? {} : { undo }),
  };
}

/** What the host's modules of this session hold of the host. */
let held: OpenModuleHost | undefined;
/** The variables of the last run; absent before the first one here. */
let environment: Readonly<Record<string, string>> | undefined;

async function openModules(settings: ModuleSettings): Promise<ModuleHost> {
  const side = await openHostSide(settings, {
    outside: setup.outside,
    isCancelled,
    sandbox: () => sandbox,
    environment: () => environment ?? {},
    onFault: reportFault,
  });
  held = createModuleHost(settings, side);
  return held;
}

function closeModules(): void {
  held?.close();
  held = undefined;
  environment = undefined;
}

/** Settings of the template that are seen in the global scope. */
function applySettings(opened: Sandbox, { console, modules }: OpenRequest): void {
  if (!console) opened.removeGlobal('console');
  const globals = modules === undefined ? {} : globalsOf(modules.capabilities);
  if (Object.keys(globals).length > 0) opened.defineGlobals(globals);
}

const isCancelled = (): boolean => Atomics.load(setup.control.cancel, 0) !== 0;

const openSandbox = (
  maxMemoryMb: number,
  shadow: Shadow = createShadow(maxMemoryMb),
  reference: Reference = setup.base,
  modules?: ModuleHost,
): Promise<Sandbox> => {
  const options = {
    module: setup.module,
    base: setup.base,
    reference,
    sources: setup.sources,
    maxMemoryMb,
    shadow,
    isCancelled,
    cpuAtStart: setup.control.cpuAtStart,
    ...(modules === undefined ? {} : { modules }),
  };
  const engine = booted;
  booted = undefined;
  return Sandbox.open(options, engine);
};

async function load(into: Sandbox, libraries: LibraryCode[], limits: Limits): Promise<WorkerAnswer> {
  const report = await into.load(libraries, limits);
  if ('error' in report) return unloadable(report.id, report.error);
  const nextTimerMs = into.nextTimerMs();
  return {
    type: 'loaded',
    libraries: report.loaded,
    ...(nextTimerMs === undefined ? {} : { nextTimerMs }),
  };
}

/** Loads it into an engine of its own, which is dropped. */
async function check(library: LibraryCode, limits: Limits): Promise<WorkerAnswer> {
  const own = await openSandbox(limits.memMb);
  const report = await own.load([library], limits);
  if ('error' in report) return unloadable(report.id, report.error);
  return { type: 'checked', exports: report.loaded.flatMap(({ exports }) => exports) };
}

const unloadable = (id: string, error: ExecutionError): WorkerAnswer => ({
  type: 'unloadable',
  id,
  message: describeFailure(id, error),
});

/** Boots the next session's engine while nobody waits for it. */
async function bootAhead(): Promise<void> {
  booted = await bootEngine({ module: setup.module, maxMemoryMb: setup.usualMemoryMb });
}

/**
 * Does what takes as long as somebody's code does: meanwhile the main thread may end this one. Answers, unless it does,
 * and then does `afterwards`, in which it must not.
 */
async function endable(work: () => Promise<WorkerAnswer>, afterwards = (): void => {}): Promise<void> {
  const { phase } = setup.control;
  Atomics.store(phase, 0, Phase.running);
  try {
    const message = await work();
    if (Atomics.compareExchange(phase, 0, Phase.running, Phase.saving) === Phase.condemned) return;
    answer(message);
    afterwards();
  } finally {
    Atomics.store(phase, 0, Phase.idle);
  }
}

async function handle(request: WorkerRequest): Promise<void> {
  if (request.type === 'open') return answer(await open(request));
  if (request.type === 'sync') return answer({ type: 'synced' });
  if (request.type === 'check') return endable(() => check(request.library, request.limits));
  if (sandbox === undefined) throw new Error(`worker holds no session to ${request.type}`);
  const session = sandbox;
  if (request.type === 'complete') return answer({ type: 'completed', ...session.complete(request.text) });
  if (request.type === 'image') {
    return answer({ type: 'imaged', image: session.image(request.reference ?? setup.base) });
  }
  if (request.type === 'reach') return answer({ type: 'reached', hasReached: held?.hasReached ?? false });
  if (request.type === 'load') return endable(() => load(session, request.libraries, request.limits));
  return run(session, request.request);
}

async function run(session: Sandbox, request: RunRequest): Promise<void> {
  if (cancelled.signal.aborted) cancelled = new AbortController();
  // A timer goes on with the variables of the run before it; after a sleep there was none.
  if (request.kind !== 'timer' || environment === undefined) environment = request.env;
  let saves = false;
  await endable(
    async () => {
      const emit = (event: EventBody): void => answer({ type: 'event', event });
      const report = await session.run(prepareRun(request), emit, cancelled.signal);
      held?.runEnded(report);
      saves = report.state === 'kept' || request.kind === 'timer';
      return { type: 'report', report };
    },
    () => {
      if (!saves) return;
      // After the answer: while it travels to the client, the state that the next call may fall back to is saved.
      const undo = session.save();
      port?.postMessage({ type: 'undo', undo } satisfies UndoMessage, [undo.pages.buffer, undo.data.buffer]);
    },
  );
}

port.on('message', (message: WorkerSetup | WorkerRequest | CancelMessage | ReleaseMessage) => {
  if (message.type === 'setup') {
    setup = message;
    return void start();
  }
  if (message.type === 'cancel') return cancelled.abort();
  if (message.type === 'release') {
    sandbox = undefined;
    closeModules();
    queue = queue.then(bootAhead, () => {});
    return;
  }
  queue = queue
    .then(() => handle(message))
    .catch((error: unknown) =>
      answer({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
});

/** How long a new worker that nobody waits for is left alone before it does what makes a first session faster. */
const restMs = 50;

/** Opens an engine and drops it, so that the first session of this worker meets warm code. */
async function warmUp(): Promise<void> {
  await openSandbox(setup.usualMemoryMb);
  await bootAhead();
}

async function start(): Promise<void> {
  await bootAhead();
  const thread = threadId();
  answer({ type: 'ready', ...(thread === undefined ? {} : { thread }) });
  const rest = setTimeout(() => {
    // The next session boots an engine itself where this failed.
    queue = queue.then(warmUp).catch(reportFault);
  }, restMs);
  port?.once('message', () => clearTimeout(rest));
}
