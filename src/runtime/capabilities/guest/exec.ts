// The module `exec`, and `child_process` over it: programs without a shell.
import { argumentError, promisified, takeCallback, toPath } from './arguments.js';
import { encodingOf, toBuffer, toData } from './encodings.js';

interface Options {
  cwd?: unknown;
  env?: Readonly<Record<string, unknown>> | null;
  input?: unknown;
  /** `child_process`'s name. */
  timeout?: number;
  timeoutMs?: number;
  maxBuffer?: number;
  maxBytes?: number;
  encoding?: unknown;
  stdio?: unknown;
}

/** Options of Node's that would change what runs, and cannot be had: to leave one out would be to do something else. */
const refused: Readonly<Record<string, string>> = {
  shell: 'there is no shell; give the program and its arguments',
  detached: 'a program ends with its call',
  argv0: 'a program has its own name',
  uid: 'a program runs as the daemon does',
  gid: 'a program runs as the daemon does',
};

interface Ended {
  status: number | null;
  signal: string | null;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

type Output = string | Uint8Array;

/** `Kept`: what is left of an output for who called; null where it went elsewhere. */
interface Result<Kept = Output> {
  status: number | null;
  signal: string | null;
  stdout: Kept;
  stderr: Kept;
}

const inText = (bytes: Uint8Array, encoding: string | null): Output =>
  encoding === null
    ? toBuffer(bytes)
    : (toBuffer(bytes) as { toString(as: string): string }).toString(encoding);

/** Where an output of a program goes: to who called, nowhere, or to what the session prints. */
type Channel = 'pipe' | 'ignore' | 'stdout' | 'stderr';

/** Node's `stdio`: one word for all, or one for each of input, output and errors. What else there is, is refused. */
function channelsOf(stdio: unknown): { stdout: Channel; stderr: Channel } {
  const list: readonly unknown[] = Array.isArray(stdio) ? (stdio as unknown[]) : [stdio, stdio, stdio];
  const bad = (at: number): Error =>
    argumentError(
      'ERR_INVALID_ARG_VALUE',
      `The argument 'stdio' is invalid: for ${at} expected 'pipe', 'ignore', 'inherit', or process.stdout or process.stderr. Received ${typeof list[at] === 'string' ? `'${list[at]}'` : typeof list[at]}`,
    );
  const channel = (at: 1 | 2): Channel => {
    const wanted = list[at] ?? 'pipe';
    if (wanted === 'pipe' || wanted === 'ignore') return wanted;
    const stream = wanted === 'inherit' ? at : wanted;
    if (stream === 1 || stream === process.stdout) return 'stdout';
    if (stream === 2 || stream === process.stderr) return 'stderr';
    throw bad(at);
  };
  // A session has no input to hand on: the program reads `input`, or nothing.
  if (![undefined, null, 'pipe', 'ignore', 'inherit', 0].includes(list[0] as string)) throw bad(0);
  const more = list.findIndex((wanted, at) => at > 2 && (wanted ?? 'ignore') !== 'ignore');
  if (more !== -1) throw bad(more);
  return { stdout: channel(1), stderr: channel(2) };
}

/** What the session prints of it: as its own, in its bounds. */
function print(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
  if (bytes.length > 0) process[stream].write(inText(bytes, 'utf8') as string);
}

/** Prints what is to be printed, and answers with what is left. */
function deliver(ended: Ended, { stdio, encoding }: Options): Result<Output | null> {
  const channels = channelsOf(stdio);
  const kept = (name: 'stdout' | 'stderr'): Output | null => {
    const channel = channels[name];
    if (channel === 'pipe') return inText(ended[name], encodingOf(encoding));
    if (channel !== 'ignore') print(channel, ended[name]);
    return null;
  };
  return { status: ended.status, signal: ended.signal, stdout: kept('stdout'), stderr: kept('stderr') };
}

function call(program: unknown, args: unknown, options: Options): Ended {
  const given = options as Readonly<Record<string, unknown>>;
  const [fault] = Object.entries(refused).filter(([name]) => (given[name] ?? false) !== false);
  if (fault !== undefined)
    throw argumentError('ERR_INVALID_ARG_VALUE', `exec: options.${fault[0]}: ${fault[1]}`);
  const request: Record<string, unknown> = {};
  if (options.cwd !== undefined && options.cwd !== null) request['cwd'] = toPath(options.cwd, 'options.cwd');
  if (options.env !== undefined && options.env !== null) {
    const entries = Object.entries(options.env).filter(([, value]) => value !== undefined);
    request['env'] = Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
  }
  if (options.input !== undefined && options.input !== null) request['input'] = toData(options.input);
  const timeoutMs = options.timeoutMs ?? options.timeout;
  if (timeoutMs !== undefined && timeoutMs !== 0) request['timeoutMs'] = timeoutMs;
  const maxBytes = options.maxBytes ?? options.maxBuffer;
  if (maxBytes !== undefined && maxBytes !== Infinity) request['maxBytes'] = maxBytes;
  return host('run', program, args, request) as Ended;
}

/** Runs a program to its end. Its text is UTF-8, or bytes with `encoding: null`. */
export function run(program: string, args: readonly string[] = [], options: Options = {}): Result {
  if (options.stdio !== undefined)
    throw argumentError('ERR_INVALID_ARG_VALUE', 'exec.run: options.stdio: it answers with both outputs');
  const { status, signal, stdout, stderr } = call(program, args, options);
  const encoding = options.encoding === undefined ? 'utf8' : encodingOf(options.encoding);
  return { status, signal, stdout: inText(stdout, encoding), stderr: inText(stderr, encoding) };
}

/**
 * `execFileSync(file, args?, options?)`: what the program printed; throws where it failed. As in Node, errors that nobody
 * asked for are printed as well.
 */
export function execFileSync(file: string, ...rest: unknown[]): Output | null {
  const { args, options } = sort(rest);
  channelsOf(options.stdio);
  const ended = call(file, args, options);
  const result = deliver(ended, options);
  if (options.stdio === undefined || options.stdio === null) print('stderr', ended.stderr);
  if (ended.status === 0) return result.stdout;
  const { stderr } = result;
  throw failure(file, args, result, stderr === null || stderr.length === 0 ? '' : `\n${textOf(stderr)}`);
}

/** `spawnSync(file, args?, options?)`: never throws for how the program ended. */
export function spawnSync(file: string, ...rest: unknown[]): Record<string, unknown> {
  const { args, options } = sort(rest);
  channelsOf(options.stdio);
  try {
    const result = deliver(call(file, args, options), options);
    return { pid: 0, ...result, output: [null, result.stdout, result.stderr] };
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
    const error =
      status === 0 ? null : Object.assign(failure(file, args, ended, `\n${textOf(stderr)}`), failed);
    return { error, stdout, stderr, exitCode: status, signalCode: signal };
  } catch (error) {
    return { error, stdout: '', stderr: '', exitCode: null, signalCode: null };
  }
}

const notThere = (why: string) => (): never => {
  const instead = 'use run, execFile, execFileSync or spawnSync with a program and its arguments';
  throw Object.assign(new Error(`exec: ${why}; ${instead}`), { code: 'ERR_METHOD_NOT_IMPLEMENTED' });
};

export const exec = notThere('there is no shell');
export const execSync = notThere('there is no shell');
export const spawn = notThere('no program goes on beside the script');
export const fork = notThere('there are no further processes of the script');

function sort(rest: unknown[]): { args: readonly string[]; options: Options } {
  const [first, second] = rest;
  const isLeftOut = first === undefined || first === null;
  const args = Array.isArray(first) ? (first as string[]) : [];
  const options = isLeftOut || Array.isArray(first) ? second : first;
  return { args, options: (options ?? {}) as Options };
}

const textOf = (output: Output): string =>
  typeof output === 'string' ? output : (inText(output, 'utf8') as string);

function failure(
  file: string,
  args: readonly string[],
  ended: Result<Output | null>,
  printed: string,
): Error {
  const error = new Error(`Command failed: ${[file, ...args].join(' ')}${printed}`);
  return Object.assign(error, ended, { output: [null, ended.stdout, ended.stderr], code: ended.status });
}

declare function setTimeout(callback: () => void, delayMs: number): number;
declare const process: Readonly<Record<'stdout' | 'stderr', { write(text: string): boolean }>>;
