// The part `encoding`: TextEncoder, and TextDecoder for UTF-8, UTF-16 and the single-byte encodings.
import { TextDecoder, TextEncoder } from '@exodus/bytes/encoding-lite.js';

export { TextDecoder, TextEncoder };
