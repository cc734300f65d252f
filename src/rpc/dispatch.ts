// A well-formed request becomes the text of its reply: method looked up, params parsed, handler called, and
// whatever is thrown mapped to the closed table of errors.
import { JSONRPCServer, type JSONRPCResponse } from 'json-rpc-2.0';
import type * as z from 'zod';
import type { Call, PendingCall } from './calls.js';
import { RpcError } from './errors.js';
import { errorReply, type Request } from './message.js';
import { isMethodName, methods, type MethodName, type MethodResult } from './methods/index.js';
import { didYouMean } from './suggest.js';
import { parseParams } from './validate.js';

/** What each method does. A handler throws an `RpcError`, or an error that `mapError` knows. */
export type Handlers = {
  [Name in MethodName]: (
    params: z.output<(typeof methods)[Name]['params']>,
    call: Call,
  ) => MethodResult<Name> | Promise<MethodResult<Name>>;
};

export interface DispatchOptions {
  readonly handlers: Handlers;
  /** Turns an error of the program behind the handlers into one of the wire; `undefined` for a bug. */
  readonly mapError?: ((error: unknown) => RpcError | undefined) | undefined;
  /** Told of a bug: an error that the client sees as `INTERNAL` only. */
  readonly onBug: (error: unknown, method: string, call: Call) => void;
}

/** The text of a reply (none for a notification), and the error in it or, for a notification, behind it. */
export interface Outcome {
  readonly text: string | undefined;
  readonly error: RpcError | undefined;
}

export class Dispatcher {
  readonly #options: DispatchOptions;
  // Errors reach their reply by way of the call: what the library would make of them loses their code.
  readonly #rpc = new JSONRPCServer<PendingCall>({ errorListener: () => undefined });
  readonly #names: readonly string[];

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#names = Object.keys(options.handlers).filter(isMethodName);
    for (const name of this.#names) if (isMethodName(name)) this.#register(name);
  }

  /** Never rejects: every request has an outcome. */
  async dispatch(request: Request, call: PendingCall): Promise<Outcome> {
    if (!this.#rpc.hasMethod(request.method)) return outcome(call, this.#notFound(request.method));
    const response = await this.#rpc.receive(request, call);
    if (call.isCancelled && call.error?.code !== 'REQUEST_CANCELLED') {
      return outcome(call, new RpcError('REQUEST_CANCELLED', `${request.method}: cancelled by the client`));
    }
    if (call.error !== undefined) return outcome(call, call.error);
    return this.#outcomeOf(response, request, call);
  }

  #outcomeOf(response: JSONRPCResponse | null, request: Request, call: PendingCall): Outcome {
    if (response === null) return { text: undefined, error: undefined };
    if (response.error !== undefined) return outcome(call, internal(request.method));
    try {
      return { text: JSON.stringify(response), error: undefined };
    } catch (error) {
      this.#options.onBug(error, request.method, call);
      return outcome(call, internal(request.method));
    }
  }

  #register<Name extends MethodName>(name: Name): void {
    type Params = z.output<(typeof methods)[Name]['params']>;
    const handler: Handlers[Name] = this.#options.handlers[name];
    const { params: schema } = methods[name];
    this.#rpc.addMethod(name, async (params: unknown, call) => {
      try {
        return await handler(parseParams(name, schema, params) as Params, call);
      } catch (error) {
        call.error = this.#toRpcError(error, name, call);
        throw call.error;
      }
    });
  }

  #toRpcError(error: unknown, method: string, call: Call): RpcError {
    if (error instanceof RpcError) return error;
    const mapped = this.#options.mapError?.(error);
    if (mapped !== undefined) return mapped;
    this.#options.onBug(error, method, call);
    return internal(method);
  }

  #notFound(method: string): RpcError {
    const shown = JSON.stringify(method.length > 64 ? `${method.slice(0, 64)}…` : method);
    return new RpcError('METHOD_NOT_FOUND', `there is no method ${shown}${didYouMean(method, this.#names)}`);
  }
}

const internal = (method: string): RpcError =>
  new RpcError('INTERNAL', `${method}: a fault of the daemon; its log says more`);

function outcome(call: Call, error: RpcError): Outcome {
  return { text: call.requestId === undefined ? undefined : errorReply(call.requestId, error), error };
}
