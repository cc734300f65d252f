// The worker thread: holds the engine of one session at a time and does what the main thread asks, in order.
import { parentPort, workerData } from 'node:worker_threads';
import { createShadow, fillShadow, isEmpty, type Reference, type Shadow } from '../engine/image.js';
import { ImageError } from '../engine/sealed-pages.js';
import { Sandbox, type BootedEngine } from '../engine/sandbox.js';
import { threadId } from '../engine/thread-clock.js';
import type {
  CancelMessage,
  EventMessage,
  OpenRequest,
  ReleaseMessage,
  UndoMessage,
  WorkerAnswer,
  WorkerRequest,
  WorkerSetup,
} from './messages.js';

const setup = workerData as WorkerSetup;
const port = parentPort;
if (port === null) throw new Error('worker.js runs as a worker thread only');

let sandbox: Sandbox | undefined;
let booted: BootedEngine | undefined;
let cancelled = new AbortController();
let queue: Promise<void> = Promise.resolve();

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
  const opened = await openSandbox(request.maxMemoryMb, shadow, reference);
  sandbox = opened;
  const undo = inMemory ? undefined : opened.resume(request.shiftTimersMs);
  if (!inMemory && image === undefined && !request.console) opened.removeGlobal('console');
  const nextTimerMs = opened.nextTimerMs();
  return {
    type: 'opened',
    ...(nextTimerMs === undefined ? {} : { nextTimerMs }),
    ...(undo === undefined || image === undefined ? {} : { undo }),
  };
}

const openSandbox = (
  maxMemoryMb: number,
  shadow: Shadow = createShadow(maxMemoryMb),
  reference: Reference = setup.base,
): Promise<Sandbox> => {
  const options = {
    module: setup.module,
    base: setup.base,
    reference,
    sources: setup.sources,
    maxMemoryMb,
    shadow,
    isCancelled: () => Atomics.load(setup.control.cancel, 0) !== 0,
    cpuAtStart: setup.control.cpuAtStart,
  };
  const engine = booted;
  booted = undefined;
  return Sandbox.open(options, engine);
};

/** Boots the next session's engine while nobody waits for it. */
async function bootAhead(): Promise<void> {
  booted = await Sandbox.bootAhead({ module: setup.module, maxMemoryMb: setup.usualMemoryMb });
}

async function handle(request: WorkerRequest): Promise<void> {
  if (request.type === 'open') return answer(await open(request));
  if (request.type === 'sync') return answer({ type: 'synced' });
  if (sandbox === undefined) throw new Error(`worker holds no session to ${request.type}`);
  if (request.type === 'complete') return answer({ type: 'completed', ...sandbox.complete(request.text) });
  if (request.type === 'image') {
    return answer({ type: 'imaged', image: sandbox.image(request.reference ?? setup.base) });
  }
  if (cancelled.signal.aborted) cancelled = new AbortController();
  const report = await sandbox.run(
    request.request,
    (event) => answer({ type: 'event', event }),
    cancelled.signal,
  );
  const saves = report.state === 'kept' || request.request.kind === 'timer';
  Atomics.store(setup.control.saving, 0, saves ? 1 : 0);
  answer({ type: 'report', report });
  if (!saves) return;
  // After the answer: while it travels to the client, the state that the next call may fall back to is saved.
  const undo = sandbox.save();
  port?.postMessage({ type: 'undo', undo } satisfies UndoMessage, [undo.pages.buffer, undo.data.buffer]);
  Atomics.store(setup.control.saving, 0, 0);
}

port.on('message', (message: WorkerRequest | CancelMessage | ReleaseMessage) => {
  if (message.type === 'cancel') return cancelled.abort();
  if (message.type === 'release') {
    sandbox = undefined;
    queue = queue.then(bootAhead, () => {});
    return;
  }
  queue = queue
    .then(() => handle(message))
    .catch((error: unknown) =>
      answer({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
});

// A first engine, opened and dropped, so that the first session of this worker meets warm code.
await openSandbox(setup.usualMemoryMb);
await bootAhead();
const thread = threadId();
answer({ type: 'ready', ...(thread === undefined ? {} : { thread }) });
