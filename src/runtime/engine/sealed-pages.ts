// Pages as they are stored: deflated, and sealed by a checksum, so that damaged ones are never taken for a session's.
import { crc32, inflateRawSync } from 'node:zlib';
import { pageBytes } from './pages.js';

export class ImageError extends Error {
  override readonly name = 'ImageError';
}

export interface SealedPages {
  /** Where the heap ends in the memory they belong to. */
  heapEnd: number;
  /** Numbers of the pages. */
  pages: Uint32Array;
  /** Their bytes, in that order, raw deflate; then four bytes, the checksum. */
  data: Uint8Array;
}

const checksumBytes = 4;

/** Puts the checksum behind bytes that are already packed. */
export function sealPages(heapEnd: number, pages: Uint32Array, packed: Uint8Array): SealedPages {
  return { heapEnd, pages, data: Buffer.concat([packed, checksum(heapEnd, pages, packed)]) };
}

/** CRC-32 of all that is said of the pages. */
function checksum(heapEnd: number, pages: Uint32Array, packed: Uint8Array): Buffer {
  const numbers = new Uint8Array(pages.buffer, pages.byteOffset, pages.byteLength);
  const sum = Buffer.alloc(checksumBytes);
  sum.writeUInt32LE(crc32(packed, crc32(numbers, crc32(String(heapEnd)))));
  return sum;
}

/** Throws {@link ImageError} where the checksum does not match. */
export function requireSealed({ heapEnd, pages, data }: SealedPages): void {
  const packed = data.subarray(0, -checksumBytes);
  if (!checksum(heapEnd, pages, packed).equals(data.subarray(-checksumBytes))) {
    throw new ImageError('image is damaged: its checksum does not match');
  }
}

/** The bytes of the pages. Throws {@link ImageError} for damaged ones. */
export function openPages(sealed: SealedPages): Uint8Array<ArrayBuffer> {
  requireSealed(sealed);
  const expected = sealed.pages.length * pageBytes;
  let bytes: Uint8Array;
  try {
    bytes = inflateRawSync(sealed.data.subarray(0, -checksumBytes), { maxOutputLength: expected + 1 });
  } catch (error) {
    throw new ImageError('image is damaged: its pages do not unpack', { cause: error });
  }
  if (bytes.length !== expected) throw new ImageError('image is damaged: its pages do not fit its size');
  // Copied, because what zlib gives back need not begin at a word's address.
  return new Uint8Array(bytes);
}
