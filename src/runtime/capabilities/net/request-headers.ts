// Headers as a script sets them into those that are sent: what belongs to the connection is not a script's to say, and
// what is secret stays with the origin that it was meant for.
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { HostError } from '../host-module.js';

export type HeaderList = [name: string, value: string][];

/** They say where a message goes and where it ends: whoever sets them can say two things at once. */
const ours = new Set([
  ...['host', 'content-length', 'transfer-encoding', 'connection', 'keep-alive', 'te', 'trailer', 'upgrade'],
  ...['expect', 'http2-settings', 'proxy-authorization', 'proxy-connection'],
]);
/** They are not sent on to another origin. */
const secret = new Set(['authorization', 'cookie']);
/** They are about a body; without one they go. */
const ofBody = /^content-/;

/** Names are in lower case. Throws HostError for one that cannot be sent. */
export function requireSendable(headers: HeaderList): HeaderList {
  for (const [name, value] of headers) {
    if (ours.has(name)) throw invalid(`header ${JSON.stringify(name)} is set by the runtime`);
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw invalid(`header ${JSON.stringify(name.slice(0, 100))}: not a name and value of HTTP`);
    }
  }
  return headers;
}

const invalid = (message: string): HostError => new HostError('ERR_INVALID_ARG_VALUE', `fetch: ${message}`);

export const withoutSecrets = (headers: HeaderList): HeaderList =>
  headers.filter(([name]) => !secret.has(name));

export const withoutBody = (headers: HeaderList): HeaderList =>
  headers.filter(([name]) => !ofBody.test(name));

/** With those that every request has, where the script says nothing else. */
export function completed(headers: HeaderList): Record<string, string[]> {
  const all: Record<string, string[]> = {
    accept: ['*/*'],
    'accept-encoding': ['gzip, br'],
    'user-agent': ['vmsysd'],
  };
  const own = new Map<string, string[]>();
  for (const [name, value] of headers) own.set(name, [...(own.get(name) ?? []), value]);
  return { ...all, ...Object.fromEntries(own) };
}
