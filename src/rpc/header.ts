// The header block of the LSP base protocol, line by line, becomes the length of the body that follows.
// Source: https://microsoft.github.io/language-server-protocol/specifications/base/0.9/specification/#headerPart

/** What is wrong with the bytes of a connection. Where a message ends is unknown after it, so it closes. */
export interface Fault {
  readonly code: 'PARSE_ERROR' | 'MESSAGE_TOO_LARGE';
  readonly message: string;
}

/** Room for two header lines many times over; a peer that sends more speaks something else. */
export const maxHeaderBytes = 8192;

const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)$/;

/** One header block in the making: `line()` takes each line without its line end, `length` is what they said. */
export class Header {
  #length: number | undefined;
  #bytes = 0;
  readonly #maxMessageBytes: number;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** The length of the body, or the fault of a block that does not say one. */
  end(): number | Fault {
    return this.#length ?? parseError('the header block has no Content-Length');
  }

  /** Takes one line; answers its fault, if it has one. */
  line(bytes: Buffer): Fault | undefined {
    this.#bytes += bytes.length + 2;
    if (this.#bytes > maxHeaderBytes) return headerTooLong();
    const match = headerLine.exec(bytes.toString('latin1'));
    if (match === null) {
      return parseError(
        `expected a JSON message on a line of its own, or a header such as "Content-Length: 42", got ${quote(bytes)}`,
      );
    }
    const [, name = '', padded = ''] = match;
    const value = padded.trim();
    if (name.toLowerCase() === 'content-length') return this.#contentLength(value);
    if (name.toLowerCase() === 'content-type') return contentType(value);
    return undefined;
  }

  #contentLength(value: string): Fault | undefined {
    if (this.#length !== undefined) return parseError('the header block has more than one Content-Length');
    if (!/^\d+$/.test(value)) {
      return parseError(`Content-Length: expected a number of bytes, got ${quote(Buffer.from(value))}`);
    }
    const length = Number(value);
    if (length > this.#maxMessageBytes) return tooLarge(this.#maxMessageBytes);
    this.#length = length;
    return undefined;
  }
}

function contentType(value: string): Fault | undefined {
  const charset = /charset\s*=\s*"?([^\s";]+)/i.exec(value)?.[1]?.toLowerCase();
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return undefined;
  return parseError(`Content-Type: expected charset utf-8, got ${quote(Buffer.from(charset))}`);
}

export const parseError = (message: string): Fault => ({ code: 'PARSE_ERROR', message });

export const headerTooLong = (): Fault =>
  parseError(
    `the header block is over ${maxHeaderBytes} bytes; expected "Content-Length: N" and an empty line`,
  );

export const tooLarge = (maxMessageBytes: number): Fault => ({
  code: 'MESSAGE_TOO_LARGE',
  message: `the message is over the limit of ${maxMessageBytes} bytes; send less, or put the data into a file`,
});

/** The beginning of what was sent, printable whatever it is. */
export function quote(bytes: Buffer): string {
  const shown = bytes.subarray(0, 40).toString('latin1');
  return JSON.stringify(bytes.length > 40 ? `${shown}…` : shown);
}
