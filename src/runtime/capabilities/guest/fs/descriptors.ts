// The functions of `fs` that take a descriptor.
import { argumentError, modeOf, option, toPath, toSeconds, type Options } from '../arguments.js';
import { encodingOf, toBuffer, toData } from '../encodings.js';
import { Stats, type StatNumbers } from '../stats.js';

/** As many bytes as Node reads where it is not told. */
const usualLength = 16 * 1024;

interface Reading {
  buffer: Uint8Array;
  offset: number;
  length: number;
  position: unknown;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const isOptions = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);

/** `(buffer?, offset?, length?, position?)`, `(buffer?, options?)` or `(options?)`. */
export function readingOf(args: readonly unknown[]): Reading {
  const [first, second] = args;
  const options = isOptions(first) ? first : isOptions(second) ? second : undefined;
  const given = isOptions(first) ? first['buffer'] : first;
  const buffer = given === undefined ? toBuffer(new Uint8Array(usualLength)) : given;
  if (!ArrayBuffer.isView(buffer)) {
    const message = 'The "buffer" argument must be an instance of Buffer, TypedArray, or DataView';
    throw argumentError('ERR_INVALID_ARG_TYPE', message);
  }
  const offset = Number((options === undefined ? second : options['offset']) ?? 0);
  const length = Number((options === undefined ? args[2] : options['length']) ?? buffer.byteLength - offset);
  if (!(offset >= 0 && length >= 0 && offset + length <= buffer.byteLength)) {
    const message = `The value of "length" is out of range. It must be >= 0 && <= ${buffer.byteLength - offset}. Received ${length}`;
    throw argumentError('ERR_OUT_OF_RANGE', message);
  }
  const position = options === undefined ? args[3] : options['position'];
  return { buffer: buffer as Uint8Array, offset, length, position };
}

/** Reads into the buffer; how many bytes there were. */
export function readInto(descriptor: unknown, { buffer, offset, length, position }: Reading): number {
  const from = typeof position === 'number' && position >= 0 ? position : null;
  const bytes = host('read', descriptor, length, from) as Uint8Array;
  bytesOf(buffer).set(bytes, offset);
  return bytes.length;
}

/** What is left of the file, from where it is at. */
export function readRest(descriptor: number, options?: Options): string | Uint8Array {
  const encoding = encodingOf(options);
  const { size } = host('fstat', descriptor) as StatNumbers;
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    // One byte more than there should be: it may have grown.
    const chunk = host('read', descriptor, Math.max(size - total, 0) + 1, null) as Uint8Array;
    if (chunk.length === 0) break;
    chunks.push(chunk);
    total += chunk.length;
  }
  const whole = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  const content = toBuffer(whole);
  return encoding === null ? content : (content as { toString(as: string): string }).toString(encoding);
}

/** Writes all of the data where the file is at. */
export function writeRest(descriptor: number, data: unknown, options?: Options): void {
  host('write', descriptor, toData(data), encodingOf(options) ?? 'utf8', null);
}

export const byDescriptor = {
  close(descriptor: unknown): void {
    host('close', descriptor);
  },
  fdatasync(descriptor: unknown): void {
    host('fsync', descriptor);
  },
  fstat(descriptor: unknown): Stats {
    return new Stats(host('fstat', descriptor) as StatNumbers);
  },
  fsync(descriptor: unknown): void {
    host('fsync', descriptor);
  },
  ftruncate(descriptor: unknown, size: unknown = 0): void {
    host('ftruncate', descriptor, size);
  },
  futimes(descriptor: unknown, accessed: unknown, modified: unknown): void {
    host('futimes', descriptor, toSeconds(accessed), toSeconds(modified));
  },
  open(path: unknown, flag?: unknown, mode?: unknown): number {
    return host('open', toPath(path), flag ?? 'r', modeOf(mode, 0o666)) as number;
  },
  read(descriptor: unknown, ...rest: unknown[]): number {
    return readInto(descriptor, readingOf(rest));
  },
  write(descriptor: unknown, data: unknown, ...rest: unknown[]): number {
    if (typeof data === 'string') {
      const [position, encoding] = rest;
      return host('write', descriptor, data, encodingOf(encoding) ?? 'utf8', position ?? null) as number;
    }
    const bytes = toData(data) as Uint8Array;
    const [first, size, place] = rest;
    const options = isOptions(first) ? first : { offset: first, length: size, position: place };
    const offset = Number(option(options, 'offset') ?? 0);
    const length = Number(option(options, 'length') ?? bytes.length - offset);
    const position = option(options, 'position') ?? null;
    return host('write', descriptor, bytes.slice(offset, offset + length), 'utf8', position) as number;
  },
};
