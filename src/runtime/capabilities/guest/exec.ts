// The module `exec`, and `child_process` over it: programs without a shell.
import { encodingOf, toBuffer, toData } from './encodings.js';

interface Options {
  cwd?: unknown;
  env?: Readonly<Record<string, unknown>>;
  input?: unknown;
  /** `child_process`'s name. */
  timeout?: number;
  timeoutMs?: number;
  maxBuffer?: number;
  maxBytes?: number;
  encoding?: unknown;
  shell?: unknown;
}

interface Ended {
  status: number | null;
  signal: string | null;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

type Output = string | Uint8Array;

interface Result {
  status: number | null;
  signal: string | null;
  stdout: Output;
  stderr: Output;
}

const inText = (bytes: Uint8Array, encoding: string | null): Output =>
  encoding === null
    ? toBuffer(bytes)
    : (toBuffer(bytes) as { toString(as: string): string }).toString(encoding);

function call(program: unknown, args: unknown, options: Options): Ended {
  if (options.shell !== undefined && options.shell !== false)
    throw Object.assign(new Error('exec: there is no shell; give the program and its arguments'), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  const request: Record<string, unknown> = {};
  if (options.cwd !== undefined) request['cwd'] = options.cwd;
  if (options.env !== undefined) {
    const entries = Object.entries(options.env).filter(([, value]) => value !== undefined);
    request['env'] = Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
  }
  if (options.input !== undefined) request['input'] = toData(options.input);
  const timeoutMs = options.timeoutMs ?? options.timeout;
  if (timeoutMs !== undefined && timeoutMs !== 0) request['timeoutMs'] = timeoutMs;
  const maxBytes = options.maxBytes ?? options.maxBuffer;
  if (maxBytes !== undefined) request['maxBytes'] = maxBytes;
  return host('run', program, args, request) as Ended;
}

/** Runs a program to its end. Its text is UTF-8, or bytes with `encoding: null`. */
export function run(program: string, args: readonly string[] = [], options: Options = {}): Result {
  const { status, signal, stdout, stderr } = call(program, args, options);
  const encoding = options.encoding === undefined ? 'utf8' : encodingOf(options.encoding);
  return { status, signal, stdout: inText(stdout, encoding), stderr: inText(stderr, encoding) };
}

/** `execFileSync(file, args?, options?)`: what the program printed; throws where it failed. */
export function execFileSync(file: string, ...rest: unknown[]): Output {
  const { args, options } = sort(rest);
  const ended = call(file, args, options);
  const encoding = encodingOf(options.encoding);
  const stdout = inText(ended.stdout, encoding);
  if (ended.status === 0) return stdout;
  const stderr = inText(ended.stderr, encoding);
  throw failure(file, args, { ...ended, stdout, stderr });
}

/** `spawnSync(file, args?, options?)`: never throws for how the program ended. */
export function spawnSync(file: string, ...rest: unknown[]): Record<string, unknown> {
  const { args, options } = sort(rest);
  const encoding = encodingOf(options.encoding);
  try {
    const { status, signal, ...bytes } = call(file, args, options);
    const [stdout, stderr] = [inText(bytes.stdout, encoding), inText(bytes.stderr, encoding)];
    return { pid: 0, status, signal, stdout, stderr, output: [null, stdout, stderr] };
  } catch (error) {
    return { pid: 0, status: null, signal: null, stdout: null, stderr: null, output: null, error };
  }
}

/** `execFile(file, args?, options?, callback)`. */
export function execFile(file: string, ...rest: unknown[]): void {
  const callback = rest.pop();
  if (typeof callback !== 'function')
    throw Object.assign(new TypeError('The "callback" argument must be of type function'), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  const { args, options } = sort(rest);
  const encoding = options.encoding === undefined ? 'utf8' : encodingOf(options.encoding);
  let outcome: unknown[];
  try {
    const ended = call(file, args, options);
    const [stdout, stderr] = [inText(ended.stdout, encoding), inText(ended.stderr, encoding)];
    const error = ended.status === 0 ? null : failure(file, args, { ...ended, stdout, stderr });
    outcome = [error, stdout, stderr];
  } catch (error) {
    outcome = [error, '', ''];
  }
  setTimeout(() => (callback as (...args: unknown[]) => void)(...outcome), 0);
}

function noShell(): never {
  throw Object.assign(
    new Error('exec: there is no shell; use run, execFileSync or spawnSync with a program and its arguments'),
    { code: 'ERR_METHOD_NOT_IMPLEMENTED' },
  );
}

export const exec = noShell;
export const execSync = noShell;

function sort(rest: unknown[]): { args: readonly string[]; options: Options } {
  const [first, second] = rest;
  return Array.isArray(first)
    ? { args: first as string[], options: (second ?? {}) as Options }
    : { args: [], options: (first ?? {}) as Options };
}

function failure(file: string, args: readonly string[], ended: Result): Error {
  const stderr = typeof ended.stderr === 'string' ? ended.stderr : toBuffer(ended.stderr).toString();
  const error = new Error(`Command failed: ${[file, ...args].join(' ')}\n${stderr}`);
  return Object.assign(error, ended, { output: [null, ended.stdout, ended.stderr], code: ended.status });
}

declare function setTimeout(callback: () => void, delayMs: number): number;
