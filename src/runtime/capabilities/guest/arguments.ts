// What Node's functions take in several forms: paths, options, modes and times.

export type Options = Readonly<Record<string, unknown>> | string | null | undefined;

/** An error as Node throws it for an argument. */
export const argumentError = (code: string, message: string): Error =>
  Object.assign(code === 'ERR_OUT_OF_RANGE' ? new RangeError(message) : new TypeError(message), { code });

/** A path as text; Node also takes file URLs and Buffers. */
export function toPath(path: unknown, name = 'path'): string {
  if (typeof path === 'string') return path;
  const url = path as { protocol?: unknown; pathname?: unknown } | null;
  if (typeof path === 'object' && url?.protocol === 'file:' && typeof url.pathname === 'string')
    return decodeURIComponent(url.pathname);
  if (path instanceof Uint8Array) return path.toString();
  throw argumentError(
    'ERR_INVALID_ARG_TYPE',
    `The "${name}" argument must be of type string or an instance of Buffer or URL. Received ${path === null ? 'null' : typeof path}`,
  );
}

export const option = (options: Options, name: string): unknown =>
  typeof options === 'object' && options !== null ? options[name] : undefined;

export function modeOf(mode: unknown, usual: number): number {
  if (mode === undefined || mode === null) return usual;
  return typeof mode === 'string' ? parseInt(mode, 8) : (mode as number);
}

export const toSeconds = (time: unknown): number =>
  time instanceof Date ? time.getTime() / 1000 : Number(time as number | string);

/** The last argument, taken away, which must be a function. */
export function takeCallback(args: unknown[], name = 'cb'): (...args: unknown[]) => unknown {
  const callback = args.pop();
  if (typeof callback === 'function') return callback as (...args: unknown[]) => unknown;
  throw argumentError('ERR_INVALID_ARG_TYPE', `The "${name}" argument must be of type function`);
}

/** Under this name a function with a callback says what Node's `util.promisify` makes of it. */
export const promisified = Symbol.for('nodejs.util.promisify.custom');
