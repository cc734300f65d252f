// What the runtime and the library cache refuse to an error of the wire: the names are the same, so there is nothing to translate.
import { LibraryError } from '../libcache/errors.js';
import { RpcError } from '../rpc/errors.js';
import { RuntimeError } from '../runtime/errors.js';

/** The error a client gets; `undefined` for a fault of the daemon, which the wire calls INTERNAL. */
export function mapError(error: unknown): RpcError | undefined {
  if (!(error instanceof RuntimeError) && !(error instanceof LibraryError)) return undefined;
  return new RpcError(error.code, error.message, {
    cause: error,
    ...(error.details === undefined ? {} : { details: error.details }),
  });
}
