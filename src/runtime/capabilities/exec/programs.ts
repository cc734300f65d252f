// Runs programs for scripts, on the main thread: no shell, bounded in time and output, and with all of its family gone
// when it is stopped.
import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import * as z from 'zod';
import type { HostValue } from '../../engine/module-host.js';
import { HostError } from '../host-module.js';
import type { Service } from '../outside/desk.js';
import { Family, forkCount, markName } from './descendants.js';

/** What the worker asks for, once it knows that the template allows it. */
export const ProgramRequest = z.strictObject({
  /** Absolute. */
  file: z.string(),
  /** As the script called it. */
  name: z.string(),
  args: z.array(z.string()),
  cwd: z.string(),
  env: z.record(z.string(), z.string()),
  input: z.union([z.string(), z.instanceof(Uint8Array)]),
  timeoutMs: z.number().min(0),
  /** Of standard output and standard error together. */
  maxBytes: z.int().min(0),
});
export type ProgramRequest = z.infer<typeof ProgramRequest>;

/** How it ended. */
interface Ended {
  status: number | null;
  signal: string | null;
}

type Stopped = 'time' | 'output' | 'aborted';

export class Programs implements Service {
  readonly #running = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  async handle(value: HostValue, signal: AbortSignal): Promise<HostValue> {
    const work = run(ProgramRequest.parse(value), AbortSignal.any([signal, this.#closing.signal]));
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
  }
}

async function run(request: ProgramRequest, signal: AbortSignal): Promise<HostValue> {
  const { name, input, timeoutMs, maxBytes } = request;
  if (signal.aborted) refuseStopped(request, 'aborted');
  const mark = randomUUID();
  const forksBefore = forkCount();
  const child = start(request, mark);
  const family = child.pid === undefined ? undefined : new Family(child.pid, mark, forksBefore);
  let stopped: Stopped | undefined;
  let halt = (): void => {};
  /** Once it is stopped, and nothing is found of it any more. */
  const halted = new Promise<undefined>((resolve) => (halt = () => resolve(undefined)));
  const stop = (why: Stopped): void => {
    if (stopped !== undefined) return;
    stopped = why;
    void Promise.resolve(family?.end()).finally(halt);
  };
  const onAbort = (): void => stop('aborted');
  const timer = setTimeout(() => stop('time'), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const closed = new Promise((resolve) => child.once('close', resolve));
    const output = collect(child, maxBytes, () => stop('output'));
    child.stdin.on('error', () => {}); // it may end without having read all
    child.stdin.end(input);
    // One that may not be ended, such as a program with another user's rights, is not waited for.
    const ended = await Promise.race([endOf(child, name), halted]);
    // What it left running behind its back ends with it; until then that may hold its output open.
    if (stopped === undefined) await family?.endRest();
    // One that hid itself can hold it open for ever.
    await (stopped === undefined ? Promise.race([closed, halted]) : halted);
    child.unref();
    child.stdout.destroy();
    child.stderr.destroy();
    refuseStopped(request, stopped);
    return { ...ended, stdout: output.stdout(), stderr: output.stderr() };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** Throws HostError for what the system takes for no program and its arguments. */
function start({ file, name, args, cwd, env }: ProgramRequest, mark: string): ChildProcessWithoutNullStreams {
  try {
    return spawn(file, args, {
      argv0: name,
      cwd,
      // At the beginning, whatever else there is.
      env: Object.assign({ [markName]: mark }, env, { [markName]: mark }),
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group and session of its own: no terminal, and one name for all that stay in it.
      detached: true,
    });
  } catch (cause) {
    throw notStarted(name, cause as NodeJS.ErrnoException);
  }
}

function notStarted(name: string, cause: NodeJS.ErrnoException): HostError {
  const { code = 'EIO', errno } = cause;
  const fields = { syscall: `spawn ${name}`, path: name, ...(errno === undefined ? {} : { errno }) };
  return new HostError(code, `spawn ${name} ${code}`, { fields, target: name, cause });
}

/** How the program ended. Rejects with HostError where it could not be started. */
function endOf(child: ChildProcess, name: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('exit', (status, signal) => resolve({ status, signal }));
    child.once('error', (cause) => reject(notStarted(name, cause)));
  });
}

interface Output {
  stdout: () => Buffer;
  stderr: () => Buffer;
}

/** Gathers what the program prints, and says when that is too much. */
function collect(
  { stdout, stderr }: { stdout: Readable; stderr: Readable },
  maxBytes: number,
  tooMuch: () => void,
): Output {
  let left = maxBytes;
  const gather = (stream: Readable): (() => Buffer) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => {
      if (chunk.length > left) tooMuch();
      // Even a part of none of its bytes would keep all of the chunk.
      if (left === 0) return;
      chunks.push(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
    });
    stream.on('error', () => {}); // the program is gone, and its end says how
    return () => Buffer.concat(chunks);
  };
  return { stdout: gather(stdout), stderr: gather(stderr) };
}

function refuseStopped({ name, timeoutMs, maxBytes }: ProgramRequest, stopped: Stopped | undefined): void {
  const fields = { syscall: `spawn ${name}`, path: name };
  switch (stopped) {
    case undefined:
      return;
    case 'time':
      throw new HostError('ETIMEDOUT', `spawn ${name} ETIMEDOUT: stopped after ${timeoutMs} ms`, { fields });
    case 'output':
      throw new HostError(
        'ERR_CHILD_PROCESS_STDIO_MAXBUFFER',
        `${name}: stopped after printing more than ${maxBytes} bytes, the most that may be (maxBytes)`,
        { fields },
      );
    case 'aborted':
      throw new HostError('ECANCELED', `${name}: stopped with its execution`, { fields });
  }
}
