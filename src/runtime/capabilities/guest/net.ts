// The module behind `fetch`: requests go on outside while the script does; a timer asks for their answers.
import { Headers, toPairs, type HeadersInit } from './net/headers.js';
import { made, Response, type Answered } from './net/response.js';

export { Headers, Response };

/** Under way together; the others wait here. The host takes no more. */
const mostAtOnce = 8;
/** Between two times that the host is asked: there the script's other timers run. */
const betweenMs = 1;

// A script may put others in their place.
const { setTimeout, clearTimeout } = globalThis as unknown as Timers;

interface Timers {
  setTimeout(callback: () => void, delayMs: number): number;
  clearTimeout(id: number): void;
}

interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options: { once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface Init {
  method?: unknown;
  headers?: HeadersInit;
  body?: unknown;
  redirect?: unknown;
  signal?: Signal | null;
  integrity?: unknown;
}

/** What the host is asked for. */
interface Request {
  url: string;
  method: string;
  headers: [string, string][];
  body: unknown;
  redirect: unknown;
}

/** A call of fetch that waits for its answer, or for its turn. */
interface Waiting {
  readonly request: Request;
  ticket?: number;
  succeed(answer: Answered): void;
  fail(error: unknown): void;
}

type Outcome = { ticket: number } & ({ answer: Answered } | { error: HostFault });

interface HostFault {
  code: string;
  message: string;
  denied: boolean;
}

/** Under way, by their tickets. */
const begun = new Map<number, Waiting>();
const line: Waiting[] = [];
let timer: number | undefined;

/** As browsers and Node have it; answers come whole. */
export async function fetch(input: unknown, init: Init = {}): Promise<Response> {
  const signal = init.signal ?? undefined;
  const request = toRequest(input, init);
  if (signal?.aborted === true) throw signal.reason;
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      signal?.removeEventListener('abort', abort);
    };
    const waiting: Waiting = {
      request,
      succeed(answer) {
        settle();
        resolve(made(answer));
      },
      fail(error) {
        settle();
        // The promise's own reason, whatever a script throws with.
        reject(error as Error);
      },
    };
    const abort = (): void => {
      leave(waiting);
      waiting.fail(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    if (begun.size < mostAtOnce) begin(waiting);
    else line.push(waiting);
  });
}

function begin(waiting: Waiting): void {
  try {
    waiting.ticket = host('fetch', waiting.request, [...begun.keys()]) as number;
  } catch (error) {
    waiting.fail(failed(error as HostFault & Error));
    return;
  }
  begun.set(waiting.ticket, waiting);
  // Anew: the one that was planned may be gone, with other timers of a session that went back.
  if (timer !== undefined) clearTimeout(timer);
  timer = setTimeout(poll, betweenMs);
}

/** Asks for what is done. Its next time is planned before: where the execution ends in the middle, it is asked again. */
function poll(): void {
  timer = begun.size === 0 && line.length === 0 ? undefined : setTimeout(poll, betweenMs);
  if (timer === undefined) return;
  let answer: { done: Outcome[]; gone: number[] };
  try {
    answer = host('wait', [...begun.keys()]) as typeof answer;
  } catch (error) {
    const { code } = error as HostFault;
    // The execution is at its end, the requests may not be.
    if (code === 'ECANCELED' || code === 'ETIMEDOUT') return;
    answer = { done: [], gone: [...begun.keys()] };
  }
  for (const outcome of answer.done) {
    const waiting = take(outcome.ticket);
    if ('answer' in outcome) waiting?.succeed(outcome.answer);
    else waiting?.fail(failed(Object.assign(new Error(outcome.error.message), outcome.error)));
  }
  for (const ticket of answer.gone) take(ticket)?.fail(failed(gone()));
  while (line.length > 0 && begun.size < mostAtOnce) begin(line.shift() as Waiting);
  if (begun.size > 0) return;
  clearTimeout(timer);
  timer = undefined;
}

function take(ticket: number): Waiting | undefined {
  const waiting = begun.get(ticket);
  begun.delete(ticket);
  return waiting;
}

/** Stops a request, or takes it out of the line. */
function leave(waiting: Waiting): void {
  const { ticket } = waiting;
  if (ticket === undefined) {
    const at = line.indexOf(waiting);
    if (at !== -1) line.splice(at, 1);
    return;
  }
  begun.delete(ticket);
  host('cancel', ticket);
}

const gone = (): HostFault & Error =>
  Object.assign(
    new Error(
      'the request was given up: the session slept or went back meanwhile, or the execution that began it was stopped; ask again',
    ),
    { code: 'ECONNABORTED', denied: false },
  );

/** As Node has it: a TypeError whose cause says why. What is not allowed says so itself. */
function failed(cause: HostFault & Error): TypeError {
  const isOwn = cause.code === 'EACCES' || cause.code.startsWith('ERR_INVALID_');
  const error = new TypeError(isOwn ? cause.message : 'fetch failed', { cause });
  return isOwn ? Object.assign(error, { code: cause.code }) : error;
}

function toRequest(input: unknown, init: Init): Request {
  if (init.integrity !== undefined && init.integrity !== '')
    throw new TypeError('fetch: the option "integrity" is not there; compare a hash of the answer');
  const headers = new Headers(init.headers);
  const { redirect = 'follow' } = init;
  const method = `${(init.method ?? 'GET') as string}`;
  const upper = method.toUpperCase();
  const { body, type } = toBody(init.body);
  if (body !== undefined && (upper === 'GET' || upper === 'HEAD'))
    throw new TypeError('fetch: Request with GET/HEAD method cannot have body.');
  if (type !== undefined && !headers.has('content-type')) headers.set('content-type', type);
  return { url: String(input), method: upper, headers: toPairs(headers), body, redirect };
}

/** What is sent, and what it is. */
function toBody(body: unknown): { body?: unknown; type?: string } {
  if (body === undefined || body === null) return {};
  if (ArrayBuffer.isView(body))
    return { body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof ArrayBuffer) return { body: new Uint8Array(body) };
  const isForm = Object.prototype.toString.call(body) === '[object URLSearchParams]';
  const type = isForm ? 'application/x-www-form-urlencoded' : 'text/plain';
  return { body: `${body as string}`, type: `${type};charset=UTF-8` };
}
