// Response, by the fetch standard, but for streams: an answer is there whole.
import { Headers, type HeadersInit } from './headers.js';

/** An answer as the host gives it. */
export interface Answered {
  url: string;
  redirected: boolean;
  status: number;
  statusText: string;
  headers: [string, string][];
  body: Uint8Array;
}

interface Init {
  status?: number;
  statusText?: string;
  headers?: HeadersInit;
}

/** A Response of what the host answered. */
export let made: (answer: Answered) => Response;

export class Response {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  #url = '';
  #redirected = false;
  #body: string | Uint8Array;
  #isUsed = false;

  static {
    made = (answer) => {
      const response = new Response(null, answer);
      response.#url = answer.url;
      response.#redirected = answer.redirected;
      response.#body = answer.body;
      return response;
    };
  }

  constructor(body: unknown = null, { status = 200, statusText = '', headers }: Init = {}) {
    this.status = status;
    this.statusText = statusText;
    this.headers = new Headers(headers);
    this.#body = toContent(body);
  }

  /** As a server would answer with JSON. */
  static json(data: unknown, init: Init = {}): Response {
    const response = new Response(JSON.stringify(data), init);
    if (!response.headers.has('content-type')) response.headers.set('content-type', 'application/json');
    return response;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get url(): string {
    return this.#url;
  }

  get redirected(): boolean {
    return this.#redirected;
  }

  get type(): string {
    return this.#url === '' ? 'default' : 'basic';
  }

  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  clone(): Response {
    if (this.#isUsed) throw new TypeError('Response.clone: Body has already been consumed.');
    const copy = new Response(null, this);
    copy.#url = this.#url;
    copy.#redirected = this.#redirected;
    copy.#body = typeof this.#body === 'string' ? this.#body : this.#body.slice();
    return copy;
  }

  async bytes(): Promise<Uint8Array> {
    const body = this.#take();
    return typeof body === 'string' ? new TextEncoder().encode(body) : body;
  }

  async arrayBuffer(): Promise<ArrayBufferLike> {
    return (await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    const body = this.#take();
    if (typeof body === 'string' || body.length === 0) return String(body);
    return host('text', body) as string;
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  #take(): string | Uint8Array {
    if (this.#isUsed) throw new TypeError('Body is unusable: Body has already been read');
    this.#isUsed = true;
    const body = this.#body;
    this.#body = '';
    return body;
  }

  get [Symbol.toStringTag](): string {
    return 'Response';
  }

  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: unknown,
    inspect: (value: unknown, options: unknown) => string,
  ): unknown {
    const { status, statusText, headers, bodyUsed, ok, redirected, type, url } = this;
    if (depth < 0) return this;
    return `Response ${inspect({ status, statusText, headers, bodyUsed, ok, redirected, type, url }, options)}`;
  }
}

function toContent(body: unknown): string | Uint8Array {
  if (body === null || body === undefined) return '';
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  return body instanceof ArrayBuffer ? new Uint8Array(body).slice() : `${body as string}`;
}

declare const TextEncoder: new () => { encode(text: string): Uint8Array };
