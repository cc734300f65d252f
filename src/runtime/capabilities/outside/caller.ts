// The worker's end: posts a request to the main thread and sleeps until it is answered, or until the execution has to
// end. The worker's own event loop stands still meanwhile, so answers are taken from the port by hand.
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { HostValue } from '../../engine/module-host.js';
import { HostError } from '../host-module.js';
import type { OutsideAnswer, OutsideMessage, ServiceName } from './messages.js';

/** How late a cancelled execution may notice it while it sleeps here. */
const lookEveryMs = 20;
/** Stopping a program takes milliseconds; whoever needs longer is left to the watchdog. */
const stopMs = 2000;

export interface OutsideCallerOptions {
  port: MessagePort;
  /** Shared with the main thread, which counts its answers in it. */
  answered: Int32Array;
  /** Milliseconds until the running execution must end. */
  leftMs: () => number;
  isCancelled: () => boolean;
}

/** Of this thread: a session whose call was given up leaves an answer on the port that is not the next session's. */
let lastId = 0;

export class OutsideCaller {
  readonly #options: OutsideCallerOptions;

  constructor(options: OutsideCallerOptions) {
    this.#options = options;
  }

  /** Throws HostError: the service's, or ETIMEDOUT or ECANCELED where the execution is at its end. */
  call(service: ServiceName, request: HostValue): HostValue {
    const id = ++lastId;
    this.#post({ type: 'request', id, service, request });
    const { leftMs, isCancelled } = this.#options;
    for (;;) {
      const answer = this.#await(id, Math.min(leftMs(), lookEveryMs));
      if (answer !== undefined) return open(answer);
      const cancelled = isCancelled();
      if (!cancelled && leftMs() > 0) continue;
      this.#post({ type: 'abort', id });
      const last = this.#awaitUntil(id, performance.now() + stopMs);
      // What ended by itself in the same moment did what it was to do.
      if (last?.type === 'value') return last.value;
      const [code, why] = cancelled ? ['ECANCELED', 'was cancelled'] : ['ETIMEDOUT', 'is out of time'];
      throw new HostError(code, `${code}: ${service}: stopped, for the execution ${why}`);
    }
  }

  #post(message: OutsideMessage): void {
    this.#options.port.postMessage(message);
  }

  #awaitUntil(id: number, deadline: number): OutsideAnswer | undefined {
    for (;;) {
      const leftMs = deadline - performance.now();
      const answer = this.#await(id, Math.max(0, leftMs));
      if (answer !== undefined || leftMs <= 0) return answer;
    }
  }

  /** The answer to `id`, at most `waitMs` later; those to calls that were given up are dropped. */
  #await(id: number, waitMs: number): OutsideAnswer | undefined {
    const { port, answered } = this.#options;
    const seen = Atomics.load(answered, 0);
    for (let taken = receiveMessageOnPort(port); taken !== undefined; taken = receiveMessageOnPort(port)) {
      const answer = taken.message as OutsideAnswer;
      if (answer.id === id) return answer;
    }
    if (waitMs > 0) Atomics.wait(answered, 0, seen, waitMs);
    return undefined;
  }
}

function open(answer: OutsideAnswer): HostValue {
  if (answer.type === 'value') return answer.value;
  const { code, message, fields } = answer.error;
  throw new HostError(code, message, { fields });
}
