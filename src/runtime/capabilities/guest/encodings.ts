// Names of encodings, and what was read in one: text, or a Buffer.
import { Buffer } from 'vmsys:buffer';

const canonical: Readonly<Record<string, string>> = {
  utf8: 'utf8',
  'utf-8': 'utf8',
  latin1: 'latin1',
  binary: 'latin1',
  base64: 'base64',
  base64url: 'base64url',
  hex: 'hex',
  ascii: 'ascii',
  utf16le: 'utf16le',
  'utf-16le': 'utf16le',
  ucs2: 'utf16le',
  'ucs-2': 'utf16le',
};

/** The encoding of options that are an object, a name or nothing; null for bytes. */
export function encodingOf(options: unknown): string | null {
  const name: unknown =
    typeof options === 'object' && options !== null ? (options as { encoding?: unknown }).encoding : options;
  if (name === undefined || name === null || name === 'buffer') return null;
  const lower = typeof name === 'string' ? name.toLowerCase() : '';
  const known = Object.hasOwn(canonical, lower) ? canonical[lower] : undefined;
  if (known !== undefined) return known;
  const shown = typeof name === 'string' ? name : typeof name;
  throw Object.assign(new TypeError(`Unknown encoding: ${shown}`), { code: 'ERR_INVALID_ARG_VALUE' });
}

/** Bytes as a script gets them: a Buffer on the same memory. */
export const toBuffer = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** What may be written: text, or the bytes of any view. */
export function toData(data: unknown): string | Uint8Array {
  if (typeof data === 'string') return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw Object.assign(
    new TypeError(
      `The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received ${typeof data}`,
    ),
    { code: 'ERR_INVALID_ARG_TYPE' },
  );
}
