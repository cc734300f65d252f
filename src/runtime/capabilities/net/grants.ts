// Capabilities of kind `net` into the answer to one question: may this be asked for, and within which bounds. Asked in
// the worker before a request leaves it, and on the main thread again before each step of it.
import * as z from 'zod';
import { grantCommand, type Capability } from '../../../records/index.js';
import { HostError } from '../host-module.js';
import { Method, NetConfig } from './config.js';

/** One origin that may be reached. */
export const Grant = z.strictObject({
  origin: z.string(),
  methods: z.array(Method),
  timeoutMs: z.number(),
  maxBytes: z.number(),
});
export type Grant = z.infer<typeof Grant>;

/** Of the capabilities of a session: an origin that one of them denies is not granted. */
export function grantsOf(capabilities: readonly Capability[]): Grant[] {
  const origins = capabilities.filter(({ kind }) => kind === 'net');
  const denied = new Set(origins.filter(({ enabled }) => !enabled).map(({ name }) => name));
  const granted = origins.filter(({ name }) => !denied.has(name));
  return granted.map(({ name, config }) => ({ origin: name, ...NetConfig.parse(config) }));
}

/** How the ledger names a request: what the script sends in the query is nobody's business. */
export const targetOf = (method: string, { origin, pathname }: URL): string =>
  `${method} ${origin}${pathname}`;

/** The grant that covers the request. Throws HostError with the code EACCES, which says how to grant it. */
export function requireGrant(grants: readonly Grant[], method: string, url: URL, template: string): Grant {
  const grant = grants.find(({ origin }) => origin === url.origin);
  if (grant?.methods.some((allowed) => allowed === method) === true) return grant;
  const target = targetOf(method, url);
  const methods = [...new Set([...(grant?.methods ?? ['GET', 'HEAD']), method])];
  const needsConfig = grant !== undefined || !['GET', 'HEAD'].includes(method);
  const config = needsConfig ? { ...boundsOf(grant), methods } : {};
  const command = grantCommand(template, { kind: 'net', name: url.origin, config });
  const what = grant === undefined ? url.origin : `${method} at ${url.origin}`;
  const isOrdinary = Method.safeParse(method).success;
  const cure = isOrdinary ? `; to grant it to new sessions: ${command}` : ': no template does';
  throw new HostError(
    'EACCES',
    `EACCES: template ${JSON.stringify(template)} does not grant ${what}${cure}`,
    { target, denied: true },
  );
}

/** Bounds that are not the usual ones: whoever grants a method again wants to keep them. */
function boundsOf(grant: Grant | undefined): Partial<NetConfig> {
  if (grant === undefined) return {};
  const usual = NetConfig.parse({});
  return {
    ...(grant.timeoutMs === usual.timeoutMs ? {} : { timeoutMs: grant.timeoutMs }),
    ...(grant.maxBytes === usual.maxBytes ? {} : { maxBytes: grant.maxBytes }),
  };
}
