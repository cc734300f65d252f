// The bytes of a connection become messages, and messages bytes. The first byte decides for the whole
// connection: `{` or `[` means one JSON text per line, anything else the Content-Length headers of LSP.
// Pure: no socket, no JSON. Time is linear in the bytes, however they are cut.
import { GrowableBuffer } from './growable-buffer.js';
import { Header, headerTooLong, maxHeaderBytes, parseError, tooLarge, type Fault } from './header.js';

export type { Fault } from './header.js';

export type Framing = 'lines' | 'headers';

/** 8 MiB: a large bundle fits into one `exec.repl`, and a full house of connections into memory. */
export const defaultMaxMessageBytes = 8 * 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const isBlank = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || byte === CR || byte === LF;
const noBytes = Buffer.alloc(0);

/** One message as bytes. `text` is JSON without line breaks, as `JSON.stringify` writes it. */
export function encode(framing: Framing, text: string): Buffer {
  if (framing === 'lines') return Buffer.from(text + '\n');
  return Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

type Step = 'start' | 'line' | 'header' | 'body';

/**
 * Takes the chunks of one connection, in order. After a fault it takes no more: `fault` says why, and every
 * later chunk is ignored.
 */
export class Decoder {
  readonly #maxMessageBytes: number;
  readonly #partial = new GrowableBuffer();
  #step: Step = 'start';
  #framing: Framing | undefined;
  #fault: Fault | undefined;
  #header: Header;
  #bodyBytes = 0;

  constructor(options: { maxMessageBytes?: number } = {}) {
    this.#maxMessageBytes = options.maxMessageBytes ?? defaultMaxMessageBytes;
    this.#header = new Header(this.#maxMessageBytes);
  }

  /** Known from the first byte of a line, or the first header that is one. */
  get framing(): Framing | undefined {
    return this.#framing;
  }

  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** The messages that `chunk` completes, as JSON text in UTF-8; they may share the memory of `chunk`. */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    let rest = chunk;
    while (rest.length > 0 && this.#fault === undefined) rest = this.#take(rest, messages);
    return messages;
  }

  /** The peer sends no more: what stands on a last line without its line end is a message too. */
  end(): Buffer[] {
    if (this.#fault !== undefined) return [];
    if (this.#step === 'line' && this.#partial.length > 0) return [withoutCR(this.#partial.take())];
    const cutShort = this.#step === 'body' || this.#partial.length > 0 || !this.#header.isEmpty;
    if (cutShort) this.#fault = parseError('the connection ended in the middle of a message');
    return [];
  }

  /** Reads one step's worth of `bytes` and answers what is left of them. */
  #take(bytes: Buffer, messages: Buffer[]): Buffer {
    switch (this.#step) {
      case 'start':
        return this.#start(bytes);
      case 'line':
        return this.#line(bytes, messages);
      case 'header':
        return this.#headerLine(bytes, messages);
      case 'body':
        return this.#body(bytes, messages);
    }
  }

  /** Before each message: blank space is skipped, and on a new connection the framing recognised. */
  #start(bytes: Buffer): Buffer {
    let at = 0;
    while (isBlank(bytes[at])) at++;
    if (at === bytes.length) return noBytes;
    if (this.#framing === undefined && (bytes[at] === 0x7b || bytes[at] === 0x5b)) this.#framing = 'lines';
    this.#step = this.#framing === 'lines' ? 'line' : 'header';
    return bytes.subarray(at);
  }

  #line(bytes: Buffer, messages: Buffer[]): Buffer {
    const end = bytes.indexOf(LF);
    const size = this.#partial.length + (end < 0 ? bytes.length : end);
    if (size > this.#maxMessageBytes) return this.#fail(tooLarge(this.#maxMessageBytes));
    const line = this.#upTo(bytes, end);
    if (line === undefined) return noBytes;
    this.#step = 'start';
    messages.push(withoutCR(line));
    return bytes.subarray(end + 1);
  }

  #headerLine(bytes: Buffer, messages: Buffer[]): Buffer {
    const end = bytes.indexOf(LF);
    const size = this.#partial.length + (end < 0 ? bytes.length : end);
    if (size > maxHeaderBytes) return this.#fail(headerTooLong());
    const line = this.#upTo(bytes, end);
    if (line === undefined) return noBytes;
    const text = withoutCR(line);
    const fault = text.length === 0 ? this.#endHeader(messages) : this.#header.line(text);
    if (fault !== undefined) return this.#fail(fault);
    this.#framing = 'headers';
    return bytes.subarray(end + 1);
  }

  #endHeader(messages: Buffer[]): Fault | undefined {
    const length = this.#header.end();
    if (typeof length !== 'number') return length;
    this.#header = new Header(this.#maxMessageBytes);
    this.#bodyBytes = length;
    this.#step = length === 0 ? 'start' : 'body';
    if (length === 0) messages.push(noBytes);
    return undefined;
  }

  #body(bytes: Buffer, messages: Buffer[]): Buffer {
    const missing = this.#bodyBytes - this.#partial.length;
    const body = this.#upTo(bytes, bytes.length < missing ? -1 : missing);
    if (body === undefined) return noBytes;
    this.#step = 'start';
    messages.push(body);
    return bytes.subarray(missing);
  }

  /** What was kept of earlier chunks, and `bytes` up to `end`; with no end yet, `bytes` is kept as well. */
  #upTo(bytes: Buffer, end: number): Buffer | undefined {
    if (end < 0) {
      this.#partial.append(bytes);
      return undefined;
    }
    const tail = bytes.subarray(0, end);
    if (this.#partial.length === 0) return tail;
    this.#partial.append(tail);
    return this.#partial.take();
  }

  #fail(fault: Fault): Buffer {
    this.#fault = fault;
    this.#partial.take();
    return noBytes;
  }
}

const withoutCR = (line: Buffer): Buffer => (line[line.length - 1] === CR ? line.subarray(0, -1) : line);
