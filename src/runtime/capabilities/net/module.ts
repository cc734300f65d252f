// The host module `net`, behind the function `fetch`: what a script asks for is checked here, in the session's worker,
// before anything leaves it; the requests are made on the main thread, so that several go on while the script does.
import * as z from 'zod';
import type { HostValue } from '../../engine/module-host.js';
import { HostError, type HostAnswer, type HostContext, type HostModule } from '../host-module.js';
import { grantsOf, requireGrant, targetOf, type Grant } from './grants.js';
import { FetchRequest, type NetRequest, type Waited } from './messages.js';
import { requireSendable } from './request-headers.js';

/** A script that polls gives way to its other timers so often. */
const longestWaitMs = 50;
/** Tickets of one session: more are never under way together. */
const Tickets = z.array(z.int()).max(1000);
const Asked = FetchRequest.extend({
  method: z.string().max(100),
  body: z.union([z.string(), z.instanceof(Uint8Array), z.undefined(), z.null()]),
});

export const netModule: HostModule = {
  open: (context) => {
    const grants = grantsOf(context.capabilities);
    return { call: (name, args) => call({ context, grants }, name, args) };
  },
};

interface Net {
  context: HostContext;
  grants: readonly Grant[];
}

function call(net: Net, name: string, args: readonly HostValue[]): HostAnswer {
  switch (name) {
    case 'fetch': {
      const [asked, known] = parse(z.tuple([Asked, Tickets]), args);
      return begin(net, asked, known);
    }
    case 'wait':
      return wait(net, ...parse(z.tuple([Tickets]), args));
    case 'cancel': {
      const [ticket] = parse(z.tuple([z.int()]), args);
      return unrecorded(ask(net, { type: 'cancel', ticket }));
    }
    case 'text': {
      const [bytes] = parse(z.tuple([z.instanceof(Uint8Array)]), args);
      return unrecorded(new TextDecoder().decode(bytes));
    }
    default:
      throw new HostError('ENOSYS', `net has no function ${JSON.stringify(name)}`);
  }
}

/** Of what is no call of the network. */
const unrecorded = (value: HostValue): HostAnswer => ({ value, calls: [] });

function begin(net: Net, asked: z.infer<typeof Asked>, known: number[]): HostAnswer {
  const url = parseUrl(asked.url);
  const method = asked.method.toUpperCase();
  const target = targetOf(method, url);
  const { template } = net.context;
  const grant = requireGrant(net.grants, method, url, template);
  const body = typeof asked.body === 'string' ? Buffer.from(asked.body) : (asked.body ?? undefined);
  if (body !== undefined && body.length > grant.maxBytes)
    throw new HostError(
      'ERR_REQUEST_TOO_LARGE',
      `fetch: the body is larger than ${grant.maxBytes} bytes, the most that template ${JSON.stringify(template)} allows (maxBytes)`,
      { target },
    );
  const headers = requireSendable(asked.headers);
  const request = FetchRequest.parse({ ...asked, url: url.href, method, headers, body });
  const ticket = ask(net, { type: 'fetch', request, grants: [...net.grants], template, known });
  return { value: ticket, target, ...(body === undefined ? {} : { bytes: body.length }) };
}

function wait(net: Net, known: number[]): HostAnswer {
  const ms = Math.max(0, Math.min(longestWaitMs, net.context.leftMs()));
  // Messages of the main thread are of our own making.
  const { done, gone } = ask(net, { type: 'wait', known, ms }) as unknown as Waited;
  const calls = done.flatMap(({ steps }) => steps);
  return {
    value: {
      done: done.map(({ ticket, outcome }) => ({ ticket, ...outcome })),
      gone,
    } as unknown as HostValue,
    calls,
  };
}

const ask = ({ context }: Net, request: NetRequest): HostValue =>
  context.outside('net', request as unknown as HostValue);

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw invalid(`Failed to parse URL from ${JSON.stringify(text.slice(0, 200))}`);
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol))
    throw invalid(`${JSON.stringify(url.protocol)} is not fetched; expected http: or https:`);
  if (url.username !== '' || url.password !== '')
    throw invalid('an address with credentials is not fetched; send the header "authorization"');
  return url;
}

const invalid = (message: string): HostError => new HostError('ERR_INVALID_URL', `fetch: ${message}`);

function parse<Schema extends z.ZodType>(schema: Schema, args: readonly HostValue[]): z.infer<Schema> {
  const parsed = schema.safeParse(args);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HostError(
    'ERR_INVALID_ARG_TYPE',
    `fetch: ${issue?.path.slice(1).join('.') ?? ''}: ${issue?.message ?? ''}`,
  );
}
