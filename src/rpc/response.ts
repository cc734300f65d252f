// A message from the daemon becomes a reply or a notification, and its error object an exception.
import * as z from 'zod';
import { errorTable, isErrorCode, RpcError, type ErrorCode } from './errors.js';

const WireError = z.object({
  code: z.number(),
  message: z.string(),
  data: z
    .object({ code: z.string().optional(), details: z.record(z.string(), z.unknown()).optional() })
    .optional()
    .catch(undefined),
});
export type WireError = z.infer<typeof WireError>;

const Id = z.union([z.string(), z.number(), z.null()]);

const Message = z.union([
  z.object({ method: z.string(), params: z.unknown(), id: z.undefined().optional() }),
  z.object({ id: Id, error: WireError }),
  z.object({ id: Id, result: z.unknown() }),
]);

/** Thrown by `readIncoming`: the peer speaks, but not JSON-RPC. */
export class NotJsonRpcError extends Error {
  override readonly name = 'NotJsonRpcError';
}

export type Incoming =
  | { readonly kind: 'notification'; readonly method: string; readonly params: unknown }
  | {
      readonly kind: 'reply';
      readonly id: string | number;
      readonly result: unknown;
      readonly error?: WireError;
    }
  /** An error that belongs to no request: about the connection, or about bytes that were no request. */
  | { readonly kind: 'complaint'; readonly error: RpcError };

/** Reads one message; throws `NotJsonRpcError` for anything that a daemon does not say. */
export function readIncoming(bytes: Buffer): Incoming {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new NotJsonRpcError('expected a JSON message', { cause });
  }
  const parsed = Message.safeParse(value);
  if (!parsed.success) throw new NotJsonRpcError('expected a JSON-RPC reply or notification');
  const message = parsed.data;
  if ('method' in message) return { kind: 'notification', method: message.method, params: message.params };
  const { id } = message;
  if ('error' in message) {
    const { error } = message;
    if (id === null) return { kind: 'complaint', error: toRpcError(error) };
    return { kind: 'reply', id, result: undefined, error };
  }
  if (id === null) throw new NotJsonRpcError('expected the id of a request, got null');
  return { kind: 'reply', id, result: message.result };
}

/** The name in `data.code`, else the first that has this number, else `INTERNAL`. */
export function toRpcError({ code, message, data }: WireError): RpcError {
  const name = data?.code;
  return new RpcError(isErrorCode(name) ? name : codeOfNumber(code), message, {
    ...(data?.details === undefined ? {} : { details: data.details }),
  });
}

function codeOfNumber(number: number): ErrorCode {
  for (const [name, entry] of Object.entries(errorTable)) {
    if (entry.number === number && isErrorCode(name)) return name;
  }
  return 'INTERNAL';
}
