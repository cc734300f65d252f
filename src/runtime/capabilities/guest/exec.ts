// The module `exec`, and `child_process` over it: programs without a shell.
import { promisified, takeCallback, toPath } from './arguments.js';
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
  if (options.cwd !== undefined && options.cwd !== null) request['cwd'] = toPath(options.cwd, 'options.cwd');
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

/**
 * `execFile(file, args?, options?, callback?)`: calls back with the error, standard output and standard error. What it
 * answers is the part of Node's ChildProcess that is true of a program that has ended: it has no streams.
 */
export function execFile(file: string, ...rest: unknown[]): object {
  const callback = typeof rest.at(-1) === 'function' ? takeCallback(rest) : undefined;
  const { args, options } = sort(rest);
  const { error, stdout, stderr, ...ended } = outcomeOf(file, args, options);
  if (callback !== undefined) setTimeout(() => callback(error, stdout, stderr), 0);
  const none = { stdin: null, stdout: null, stderr: null };
  return { pid: 0, ...ended, killed: false, spawnfile: file, spawnargs: [file, ...args], ...none };
}

/** What `util.promisify` makes of it: `{ stdout, stderr }`. */
Object.defineProperty(execFile, promisified, {
  async value(file: string, ...rest: unknown[]): Promise<{ stdout: Output; stderr: Output }> {
    const { args, options } = sort(rest);
    const { error, stdout, stderr } = outcomeOf(file, args, options);
    if (error !== null) throw Object.assign(error as Error, { stdout, stderr });
    return { stdout, stderr };
  },
  configurable: true,
});

interface Outcome {
  error: unknown;
  stdout: Output;
  stderr: Output;
  exitCode: number | null;
  signalCode: string | null;
}

function outcomeOf(file: string, args: readonly string[], options: Options): Outcome {
  const encoding = options.encoding === undefined ? 'utf8' : encodingOf(options.encoding);
  try {
    const { status, signal, ...bytes } = call(file, args, options);
    const [stdout, stderr] = [inText(bytes.stdout, encoding), inText(bytes.stderr, encoding)];
    const ended = { status, signal, stdout, stderr };
    const failed = { killed: false, cmd: [file, ...args].join(' ') };
    const error = status === 0 ? null : Object.assign(failure(file, args, ended), failed);
    return { error, stdout, stderr, exitCode: status, signalCode: signal };
  } catch (error) {
    return { error, stdout: '', stderr: '', exitCode: null, signalCode: null };
  }
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
  const isLeftOut = first === undefined || first === null;
  const args = Array.isArray(first) ? (first as string[]) : [];
  const options = isLeftOut || Array.isArray(first) ? second : first;
  return { args, options: (options ?? {}) as Options };
}

function failure(file: string, args: readonly string[], ended: Result): Error {
  const stderr = typeof ended.stderr === 'string' ? ended.stderr : toBuffer(ended.stderr).toString();
  const error = new Error(`Command failed: ${[file, ...args].join(' ')}\n${stderr}`);
  return Object.assign(error, ended, { output: [null, ended.stdout, ended.stderr], code: ended.status });
}

declare function setTimeout(callback: () => void, delayMs: number): number;
