// One request into its answer, over the redirects on the way: each step is asked of the grants anew, so that no server
// leads a session to where its template does not.
import type { IncomingMessage } from 'node:http';
import { HostError } from '../host-module.js';
import { readBody, type Hold } from './body.js';
import type { Method } from './config.js';
import { requireGrant, targetOf, type Grant } from './grants.js';
import { failureOf } from './failures.js';
import { mostRedirects, type Answer, type FetchRequest, type Step } from './messages.js';
import { withoutBody, withoutSecrets, type HeaderList } from './request-headers.js';
import type { Sender } from './sender.js';

export interface ExchangeOptions {
  request: FetchRequest;
  grants: readonly Grant[];
  template: string;
  sender: Sender;
  /** Aborted with the reason, an Error. */
  signal: AbortSignal;
  hold: Hold;
  /** Told of each step. */
  onStep: (step: Step) => void;
}

interface Hop {
  url: URL;
  method: Method;
  headers: HeaderList;
  body: Uint8Array | undefined;
}

/** Rejects with HostError; nothing of what it began is left then. */
export async function exchange(options: ExchangeOptions): Promise<Answer> {
  const { request, template, signal } = options;
  const startedAt = performance.now();
  let hop: Hop = {
    url: new URL(request.url),
    method: request.method,
    headers: request.headers,
    body: request.body,
  };
  for (let redirects = 0; ; redirects++) {
    const grant = stepTo(hop, redirects, options);
    const deadline = AbortSignal.timeout(
      Math.max(0, Math.ceil(startedAt + grant.timeoutMs - performance.now())),
    );
    const either = AbortSignal.any([signal, deadline]);
    try {
      const outcome = await step(hop, grant, { ...options, signal: either }, redirects);
      if ('answer' in outcome) {
        const { method, url } = hop;
        const ms = Math.round((performance.now() - startedAt) * 1000) / 1000;
        const bytes = outcome.answer.body.length;
        options.onStep({ call: 'response', target: targetOf(method, url), allowed: true, ms, bytes });
        return outcome.answer;
      }
      hop = outcome.hop;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (!deadline.aborted) throw failureOf(hop.url, error);
      const message = `${targetOf(hop.method, hop.url)}: no whole answer within ${grant.timeoutMs} ms, the most that template ${JSON.stringify(template)} allows (timeoutMs)`;
      throw new HostError('ETIMEDOUT', message);
    }
  }
}

/** The grant for a step; a redirect is told of, whether it is allowed or not. */
function stepTo({ url, method }: Hop, redirects: number, options: ExchangeOptions): Grant {
  const { grants, template, onStep } = options;
  const told = { call: 'redirect', target: targetOf(method, url), ms: 0 };
  try {
    const grant = requireGrant(grants, method, url, template);
    if (redirects > 0) onStep({ ...told, allowed: true });
    return grant;
  } catch (error) {
    if (redirects > 0) onStep({ ...told, allowed: false });
    throw error;
  }
}

async function step(
  hop: Hop,
  { maxBytes }: Grant,
  { request, sender, signal, hold }: ExchangeOptions,
  redirects: number,
): Promise<{ answer: Answer } | { hop: Hop }> {
  if ((hop.body?.length ?? 0) > maxBytes)
    throw new HostError(
      'ERR_REQUEST_TOO_LARGE',
      `the request’s body is larger than ${maxBytes} bytes, the most that the template allows (maxBytes)`,
    );
  const message = await sender.send(hop, signal);
  const { statusCode: status = 0, statusMessage: statusText = '' } = message;
  const location = message.headers.location;
  if (isRedirect(status) && location !== undefined && request.redirect !== 'manual') {
    sender.drop(message);
    if (request.redirect === 'error')
      throw new HostError('ERR_REDIRECT', `${hop.url.origin} redirects, and the request says not to follow`);
    if (redirects >= mostRedirects)
      throw new HostError('ERR_TOO_MANY_REDIRECTS', `redirected more than ${mostRedirects} times`);
    return { hop: nextHop(hop, status, location) };
  }
  const body = await bodyOf(message, hop.method, { maxBytes, hold }).catch((error: unknown) => {
    sender.drop(message);
    throw error;
  });
  const headers = pairs(message);
  return { answer: { url: hop.url.href, redirected: redirects > 0, status, statusText, headers, body } };
}

async function bodyOf(
  message: IncomingMessage,
  method: Method,
  { maxBytes, hold }: { maxBytes: number; hold: Hold },
): Promise<Uint8Array> {
  if (method !== 'HEAD') return readBody(message, maxBytes, hold);
  message.resume();
  return new Uint8Array(0);
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** Where a redirect leads, with the method, headers and body that the fetch standard says. */
function nextHop(hop: Hop, status: number, location: string): Hop {
  if (!URL.canParse(location, hop.url.href))
    throw new HostError('ERR_INVALID_REDIRECT', `${hop.url.origin} redirects to what is no address`);
  const url = new URL(location, hop.url.href);
  if (!/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new HostError(
      'ERR_INVALID_REDIRECT',
      `${hop.url.origin} redirects to an address that is not followed: expected http or https, without credentials`,
    );
  const toGet = status === 303 ? hop.method !== 'HEAD' : status < 303 && hop.method === 'POST';
  const headers = url.origin === hop.url.origin ? hop.headers : withoutSecrets(hop.headers);
  if (!toGet) return { ...hop, url, headers };
  return { url, method: 'GET', headers: withoutBody(headers), body: undefined };
}

/** As they came; a header that came twice is there twice. */
function pairs({ rawHeaders }: IncomingMessage): [string, string][] {
  const list: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    list.push([(rawHeaders[index] ?? '').toLowerCase(), rawHeaders[index + 1] ?? '']);
  return list;
}
