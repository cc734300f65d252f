// One request over HTTP/1.1 and its answer's head, by Node's own client: connections are of one session and end with
// it. Not by Node's `fetch`: that undoes any number of compressions before it can be asked how many there are, and its
// connections are everybody's.
import { Agent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as requestHttps } from 'node:https';
import { mostAtOnce } from './messages.js';
import { completed, type HeaderList } from './request-headers.js';

/** Of an answer; Node's own limit, whatever the daemon was started with. */
const greatestHead = 16 * 1024;
/** Connections that nobody uses are closed after so long: sooner than servers close them. */
const idleMs = 4000;

export interface Outgoing {
  url: URL;
  method: string;
  headers: HeaderList;
  body: Uint8Array | undefined;
}

export class Sender {
  readonly #agents = {
    'http:': new Agent({ keepAlive: true, maxSockets: mostAtOnce, timeout: idleMs }),
    'https:': new SecureAgent({ keepAlive: true, maxSockets: mostAtOnce, timeout: idleMs }),
  };

  /** Resolves with the answer once its head is there: read it to the end, or drop it. */
  async send(outgoing: Outgoing, signal: AbortSignal): Promise<IncomingMessage> {
    const sent = this.#request(outgoing, signal);
    try {
      return await answerTo(sent, outgoing.body);
    } catch (error) {
      // The server closed an idle connection in the moment in which it was used again.
      const isAgain = sent.reusedSocket && codeOf(error) === 'ECONNRESET' && !signal.aborted;
      if (!isAgain || !['GET', 'HEAD'].includes(outgoing.method)) throw error;
      return answerTo(this.#request(outgoing, signal), outgoing.body);
    }
  }

  /** Closes the connection, unless the answer was read to its end. */
  drop(message: IncomingMessage): void {
    if (message.readableEnded) return;
    message.on('error', () => {});
    message.destroy();
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #request({ url, method, headers }: Outgoing, signal: AbortSignal): ClientRequest {
    const isSecure = url.protocol === 'https:';
    const options = {
      protocol: url.protocol,
      // An IPv6 address stands in brackets only in an address.
      hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
      path: url.pathname + url.search,
      method,
      headers: completed(headers),
      maxHeaderSize: greatestHead,
      signal,
    };
    return isSecure
      ? requestHttps({ ...options, agent: this.#agents['https:'], rejectUnauthorized: true })
      : requestHttp({ ...options, agent: this.#agents['http:'] });
  }
}

function answerTo(sent: ClientRequest, body: Uint8Array | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve);
    sent.on('error', reject); // also after the answer: then the reader of its body is told
    if (body === undefined) sent.end();
    else sent.end(body);
  });
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;
