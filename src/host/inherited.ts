// A descriptor on which systemd listens to connections. The socket's file is systemd's: nothing here touches it.
import { createServer, type Socket } from 'node:net';
import { defaultMaxOutboundBytes } from '../rpc/connection.js';
import { RpcError } from '../rpc/errors.js';
import { defaultMaxMessageBytes } from '../rpc/framing.js';
import { Refusals } from '../rpc/refusals.js';
import { StartError } from './errors.js';
import { backlog, type Listener } from './listen.js';
import type { Native } from './native.js';

/** Closing it closes our copy alone: systemd keeps its own, and the queue of those who wait. */
export interface Inherited extends Listener {
  /** Where it is bound to, as far as can be told. */
  readonly path: string | undefined;
  /** When, by `performance.now()`, the first connection could be accepted. */
  readonly servingSince: number | undefined;
  /** From now on, connections go to `accept`. Until the first call they wait in the kernel. */
  serve(accept: (socket: Socket) => void): Promise<void>;
}

export interface InheritOptions {
  native?: Native | undefined;
  /** As of `listen`. */
  onError: (error: Error) => void;
}

/** Takes the socket; throws StartError where it is none that connections can be accepted from. */
export function inheritSocket(descriptor: number, { native, onError }: InheritOptions): Inherited {
  const facts = native?.socketFacts(descriptor);
  if (facts?.isListeningUnixStream === false) {
    throw new StartError(
      'USAGE',
      `the descriptor ${descriptor} that systemd passed is not a Unix stream socket that listens; the socket unit needs ListenStream= with a path, and Accept=no`,
    );
  }
  let acceptor: ((socket: Socket) => void) | undefined;
  let servingSince: number | undefined;
  const server = createServer({ allowHalfOpen: true }, (socket) => acceptor?.(socket));
  const begin = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('listening', resolve);
      server.on('error', (error) => {
        if (server.listening) onError(error);
        else
          reject(
            new StartError('UNAVAILABLE', `cannot listen on the inherited socket: ${error.message}`, {
              cause: error,
            }),
          );
      });
      // Without a backlog Node would shrink the queue to 511, and who does not fit in it is refused with EAGAIN. Of a
      // descriptor it takes the number from here only, not from the options.
      server.listen({ fd: descriptor }, backlog);
    });
  return {
    path: facts?.path,
    get servingSince() {
      return servingSince;
    },
    serve: async (accept) => {
      acceptor = accept;
      if (servingSince !== undefined) return;
      servingSince = performance.now();
      await begin();
    },
    close: () => void server.close(),
  };
}

/** Tells every client the reason, for as long as the daemon cannot serve. */
export function refuseAll(reason: string): (socket: Socket) => void {
  const refusals = new Refusals();
  let id = 0;
  return (socket) => {
    id += 1;
    const limits = { maxMessageBytes: defaultMaxMessageBytes, maxOutboundBytes: defaultMaxOutboundBytes };
    refusals.refuse(socket, new RpcError('OVERLOADED', reason), { id, ...limits, onFault: () => {} });
  };
}
