// `crypto`, as far as it is random numbers: fresh ones from the host, never from the session's memory.
import {
  NativeUint8Array,
  isView,
  join,
  min,
  parseInt,
  slice,
  startsWith,
  typedArrayBuffer,
  typedArrayBytes,
  typedArrayOffset,
  typedArrayTag,
} from '../primordials.js';
import type { Host } from '../host.js';

const NativeTypeError = TypeError;
const NativeRangeError = RangeError;

/** The Web Cryptography specification's bound. */
const maxBytes = 65_536;
const bytesPerCall = 16;

export const makeCrypto = (host: Host): object => ({
  /** Fills an array of integers, of at most 65,536 bytes. */
  getRandomValues(array: unknown): unknown {
    const tag = isView(array) ? typedArrayTag(array) : undefined;
    if (tag === undefined || startsWith(tag, 'Float')) {
      throw new NativeTypeError(
        `crypto.getRandomValues: expected an array of integers, got ${tag ?? typeof array}`,
      );
    }
    const length = typedArrayBytes(array);
    if (length > maxBytes) {
      throw new NativeRangeError(`crypto.getRandomValues: expected at most ${maxBytes} bytes, got ${length}`);
    }
    const bytes = new NativeUint8Array(typedArrayBuffer(array), typedArrayOffset(array), length);
    for (let start = 0; start < length; start += bytesPerCall) {
      const digits = host('entropy') as string;
      const end = min(length, start + bytesPerCall);
      for (let at = start; at < end; at++)
        bytes[at] = parseInt(slice(digits, (at - start) * 2, (at - start) * 2 + 2), 16);
    }
    return array;
  },

  /** A UUID of version 4. */
  randomUUID(): string {
    const digits = host('entropy') as string;
    const variant = '89ab';
    const choice = parseInt(slice(digits, 16, 17), 16) & 3;
    const parts = [
      slice(digits, 0, 8),
      slice(digits, 8, 12),
      `4${slice(digits, 13, 16)}`,
      `${slice(variant, choice, choice + 1)}${slice(digits, 17, 20)}`,
      slice(digits, 20, 32),
    ];
    return join(parts, '-');
  },
});
