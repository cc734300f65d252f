// Connections that are not served: each is told why, and closed once it had time to read that.
import type { Socket } from 'node:net';
import { Connection, type ConnectionOptions } from './connection.js';
import type { RpcError } from './errors.js';

/** So many may be told at one time, for a second each at most; any more are cut off without a word. */
const maxRefused = 64;

/** What a refusal needs to know of the server; the rest of a connection's options are of no use to it. */
export type RefusalOptions = Pick<
  ConnectionOptions,
  'id' | 'maxMessageBytes' | 'maxOutboundBytes' | 'onFault'
>;

export class Refusals {
  readonly #open = new Set<Connection>();

  /** Takes the socket over, answers `reason`, and closes it. */
  refuse(socket: Socket, reason: RpcError, options: RefusalOptions): void {
    if (this.#open.size >= maxRefused) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, {
      ...options,
      onMessage: () => undefined,
      onInputEnd: () => connection.finish(),
      onClose: () => this.#open.delete(connection),
    });
    this.#open.add(connection);
    connection.refuse(reason);
  }

  /** Cuts off those that still read. */
  close(): void {
    for (const connection of this.#open) connection.destroy();
  }
}
