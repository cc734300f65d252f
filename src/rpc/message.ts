// The bytes of one message become requests, and outcomes become the text of replies.
// The rules are those of https://www.jsonrpc.org/specification, sections 4 to 6.
import { isUtf8 } from 'node:buffer';
import { RpcError, toErrorObject } from './errors.js';

export type RequestId = string | number | null;

/** One well-formed request; without `id` it is a notification, which has no reply. */
export interface Request {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params?: unknown;
  readonly id?: RequestId;
}

/** What one entry of a message is: a request, or a fault to be answered under `id`. */
export type Entry = { readonly request: Request } | { readonly id: RequestId; readonly fault: RpcError };

/** A batch is answered by one array, in any order. */
export type Message =
  { readonly kind: 'single'; readonly entry: Entry } | { readonly kind: 'batch'; readonly entries: Entry[] };

/**
 * Reads one message. It never throws: what is wrong is an entry with a fault.
 * A batch of more than `maxBatch` entries is refused as a whole, so that a small message cannot ask for a giant reply.
 */
export function parseMessage(bytes: Buffer, maxBatch: number): Message {
  const value = parseJson(bytes);
  if (value instanceof RpcError) return single(value);
  if (!Array.isArray(value)) return { kind: 'single', entry: readEntry(value) };
  if (value.length === 0)
    return single(new RpcError('INVALID_REQUEST', 'expected a request, got an empty batch'));
  if (value.length > maxBatch) {
    const message = `a batch may hold ${maxBatch} requests, got ${value.length}; send it in parts`;
    return single(new RpcError('OVERLOADED', message));
  }
  return { kind: 'batch', entries: value.map(readEntry) };
}

const single = (fault: RpcError): Message => ({ kind: 'single', entry: { id: null, fault } });

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) return new RpcError('PARSE_ERROR', 'the message is not UTF-8');
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    return new RpcError('PARSE_ERROR', `the message is not JSON: ${reason}`);
  }
}

function readEntry(value: unknown): Entry {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return invalid(null, `expected a request object, got ${kindOf(value)}`);
  }
  const { jsonrpc, method, params, id } = value as Record<string, unknown>;
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number') {
    return invalid(null, `id: expected a string, a number or null, got ${kindOf(id)}`);
  }
  const replyId = id ?? null;
  if (jsonrpc !== '2.0') return invalid(replyId, `jsonrpc: expected "2.0", got ${kindOf(jsonrpc)}`);
  if (typeof method !== 'string') return invalid(replyId, `method: expected a string, got ${kindOf(method)}`);
  if (params !== undefined && typeof params !== 'object') {
    return invalid(replyId, `params: expected an object, got ${kindOf(params)}`);
  }
  // Emacs writes an empty object as null: both mean no params.
  const given = params === undefined || params === null ? {} : { params };
  return { request: { jsonrpc, method, ...given, ...(id === undefined ? {} : { id }) } };
}

const invalid = (id: RequestId, message: string): Entry => ({
  id,
  fault: new RpcError('INVALID_REQUEST', message),
});

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

/** The text of an error reply. */
export const errorReply = (id: RequestId, error: RpcError): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: toErrorObject(error) });

/** The text of a notification. */
export const notification = (method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', method, params });
