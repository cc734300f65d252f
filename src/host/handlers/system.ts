// `rpc.*` and `system.*`: what runs here, how it fares, and its end.
import { RpcError } from '../../rpc/errors.js';
import { protocolVersion } from '../../rpc/methods/index.js';
import type { Handlers } from '../../rpc/server.js';
import { StartError } from '../errors.js';
import type { HandlerContext } from './context.js';

type Group = Extract<keyof Handlers, `rpc.${string}` | `system.${string}`>;

export const systemHandlers = (context: HandlerContext): Pick<Handlers, Group> => ({
  'rpc.discover': async () => {
    // Made from some fifty schemas, and hardly ever asked for: loaded then.
    const { openRpcDocument } = await import('../../rpc/openrpc.js');
    return { ...openRpcDocument() };
  },
  'system.health': () => ({ status: 'ok' }),
  'system.info': () => {
    const { startedAt, ...info } = context.info;
    return {
      name: 'vmsysd',
      protocol: protocolVersion,
      engine: context.runtime.engine,
      startedAt: startedAt.toISOString(),
      ...info,
      idleExitMs: context.idleExitMs(),
    };
  },
  'system.summary': () => context.runtime.summary(),
  'system.metrics': () => context.metrics(),
  'system.reload': () => {
    try {
      return context.reload();
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      throw new RpcError('VALIDATION_ERROR', error.message, { cause: error });
    }
  },
  'system.shutdown': () => {
    context.shutdown();
    return {};
  },
});
