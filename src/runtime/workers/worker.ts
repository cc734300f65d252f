// The worker thread: holds the engine of one session at a time and does what the main thread asks, in order.
import { parentPort, workerData } from 'node:worker_threads';
import { createShadow } from '../engine/image.js';
import { Sandbox } from '../engine/sandbox.js';
import { threadCpuMs, threadId } from '../engine/thread-clock.js';
import type { CancelMessage, EventMessage, WorkerAnswer, WorkerRequest, WorkerSetup } from './messages.js';

const setup = workerData as WorkerSetup;
const port = parentPort;
if (port === null) throw new Error('worker.js runs as a worker thread only');

let sandbox: Sandbox | undefined;
let cancelled = new AbortController();
let queue: Promise<void> = Promise.resolve();

const answer = (message: WorkerAnswer | EventMessage): void => port.postMessage(message);

async function open(request: Extract<WorkerRequest, { type: 'open' }>): Promise<WorkerAnswer> {
  const fresh = request.shadow.memory.byteLength === 0;
  sandbox = await openSandbox(request.maxMemoryMb, request.shadow);
  if (fresh && !request.console) sandbox.removeGlobal('console');
  if (request.takenAt !== undefined) sandbox.resume(request.takenAt);
  const nextTimerMs = sandbox.nextTimerMs();
  return { type: 'opened', ...(nextTimerMs === undefined ? {} : { nextTimerMs }) };
}

const openSandbox = (maxMemoryMb: number, shadow = createShadow(maxMemoryMb)): Promise<Sandbox> =>
  Sandbox.open({
    module: setup.module,
    base: setup.base,
    sources: setup.sources,
    maxMemoryMb,
    shadow,
    isCancelled: () => Atomics.load(setup.control.cancel, 0) !== 0,
  });

async function handle(request: WorkerRequest): Promise<void> {
  if (request.type === 'open') return answer(await open(request));
  if (request.type === 'release') {
    sandbox = undefined;
    return answer({ type: 'released' });
  }
  if (sandbox === undefined) throw new Error(`worker holds no session to ${request.type}`);
  if (request.type === 'complete') return answer({ type: 'completed', ...sandbox.complete(request.text) });
  if (request.type === 'image') return answer({ type: 'imaged', image: sandbox.image() });
  cancelled = new AbortController();
  setup.control.cpuAtStart[0] = threadCpuMs() ?? Number.NaN;
  const report = await sandbox.run(
    request.request,
    (event) => answer({ type: 'event', event }),
    cancelled.signal,
  );
  answer({ type: 'report', report });
  // After the answer: while it travels to the client, the state that the next call may fall back to is saved.
  if (report.state === 'kept') sandbox.save();
}

port.on('message', (message: WorkerRequest | CancelMessage) => {
  if (message.type === 'cancel') return cancelled.abort();
  queue = queue
    .then(() => handle(message))
    .catch((error: unknown) =>
      answer({ type: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
});

// A first engine, opened and dropped, so that the first session of this worker meets warm code.
await openSandbox(128);
const thread = threadId();
answer({ type: 'ready', ...(thread === undefined ? {} : { thread }) });
