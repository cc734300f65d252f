// The body of an answer as it comes into its bytes, decompressed: no more of them than allowed, in whichever form.
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { HostError } from '../host-module.js';

/** Codings one upon the other: servers use one; each that is undone takes memory. */
const mostCodings = 2;

const lenient = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(lenient),
  'x-gzip': () => createGunzip(lenient),
  deflate: () => createInflate(lenient),
  br: () =>
    createBrotliDecompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
    }),
};

/** How much is held meanwhile: told of each piece, it throws where that is too much. */
export type Hold = (bytes: number) => void;

/**
 * Reads to the end. Throws HostError where there are more than `maxBytes`, compressed or not, or codings that cannot be
 * undone; whoever calls destroys the message then.
 */
export async function readBody(message: IncomingMessage, maxBytes: number, hold: Hold): Promise<Buffer> {
  const stream = decoded(message, maxBytes);
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(maxBytes);
    hold(chunk.length);
    chunks.push(chunk);
  }
  // The codings may end before the message does.
  if (!message.readableEnded) message.destroy();
  return Buffer.concat(chunks);
}

const tooLarge = (maxBytes: number): HostError =>
  new HostError(
    'ERR_RESPONSE_TOO_LARGE',
    `the answer is larger than ${maxBytes} bytes, the most that the template allows (maxBytes)`,
  );

function decoded(message: IncomingMessage, maxBytes: number): Readable {
  const codings = (message.headers['content-encoding'] ?? '')
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const length = Number(message.headers['content-length'] ?? 0);
  if (length > maxBytes) throw tooLarge(maxBytes);
  if (codings.length === 0) return message;
  const known = codings.every((coding) => Object.hasOwn(decoders, coding));
  // As browsers do: what is not known is handed over as it is.
  if (!known) return message;
  if (codings.length > mostCodings)
    throw new HostError(
      'ERR_CONTENT_ENCODING',
      `the answer is compressed ${codings.length} times; expected at most ${mostCodings}`,
    );
  return codings.toReversed().reduce<Readable>(
    (from, coding) => {
      const to = decoders[coding]?.();
      if (to === undefined) return from;
      from.on('error', (error) => to.destroy(error));
      return from.pipe(to);
    },
    counted(message, maxBytes),
  );
}

/** What makes nothing of what it gets, such as empty members of gzip without end, must come to an end as well. */
function counted(message: IncomingMessage, maxBytes: number): Readable {
  let received = 0;
  message.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > maxBytes) message.destroy(tooLarge(maxBytes));
  });
  return message;
}
