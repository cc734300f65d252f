// Requests as they are answered to log lines and counts.
import { RpcError } from '../rpc/errors.js';
import { isMethodName } from '../rpc/methods/index.js';
import type { RpcServerOptions } from '../rpc/server.js';
import type { Log } from './log.js';
import type { RequestMetrics } from './metrics.js';

/**
 * The callbacks of the RPC server that tell of requests. A refusal that is the client's own doing is a matter for
 * debugging; a client that breaks the rules of the wire, and a daemon that is full, are warnings; our faults are errors.
 */
export const logRequests = (
  log: Log,
  metrics: RequestMetrics,
): Required<Pick<RpcServerOptions, 'onRequest' | 'onError'>> => ({
  onRequest: ({ connection, id, method, ms, error }) => {
    // Whatever else a client may call has one name together: it must not choose how many counters there are.
    metrics.observe(isMethodName(method) ? method : 'unknown', error?.code ?? 'ok', ms);
    const level = error?.code === 'OVERLOADED' ? 'warn' : 'debug';
    if (log.enabled(level)) {
      log[level]('request', {
        connection,
        requestId: id,
        method,
        ms: Math.round(ms * 1000) / 1000,
        code: error?.code,
      });
    }
  },
  onError: (error, { connection, id, method }) => {
    const where = { connection, requestId: id, method };
    if (error instanceof RpcError)
      log.warn('a client was refused', { ...where, code: error.code, reason: error.message });
    else log.error('a request failed', { ...where, error });
  },
});
