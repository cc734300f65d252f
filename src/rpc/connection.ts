// One socket becomes messages in and texts out. Replies are always sent; notifications only while the reader
// keeps up, and while it does not, nothing more is read from it: no client makes the daemon grow.
import type { Socket } from 'node:net';
import { RpcError } from './errors.js';
import { Decoder, encode, type Framing } from './framing.js';
import { errorReply, notification } from './message.js';
import { Missed, maxMissed, type Notification } from './missed.js';

/** What a handler sees of the connection that a request came by. */
export interface ConnectionHandle {
  /** Counts the connections of this server, from 1. */
  readonly id: number;
  /** Aborted when the client is gone. */
  readonly closed: AbortSignal;
  /** Sends a notification, or remembers that it could not be; to a connection that is closed it does nothing. */
  notify(...notification: Notification): void;
}

export interface ConnectionOptions {
  readonly id: number;
  readonly maxMessageBytes: number;
  readonly maxOutboundBytes: number;
  readonly onMessage: (bytes: Buffer) => void;
  /** The client sends no more requests, but may still read. */
  readonly onInputEnd: () => void;
  readonly onClose: () => void;
  /** A client that did not keep the rules; the connection closes. */
  readonly onFault: (fault: RpcError) => void;
}

/** 1 MiB: some hundred screens of output for a reader that is behind, and half a GiB if every connection is. */
export const defaultMaxOutboundBytes = 1024 * 1024;
/** How long a refused client may go on writing, so that it comes to read why it was refused. */
const lingerMs = 1000;
/** How often a client that sends no more is asked whether it is still there. */
const probeMs = 1000;

const noBytes = Buffer.alloc(0);

export class Connection implements ConnectionHandle {
  readonly id: number;
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #maxOutboundBytes: number;
  readonly #decoder: Decoder;
  readonly #missed = new Missed();
  readonly #closed = new AbortController();
  #corked = false;
  #stopped = false;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.id = options.id;
    this.#socket = socket;
    this.#options = options;
    // Below its high-water mark a socket does not tell when it has drained.
    this.#maxOutboundBytes = Math.max(options.maxOutboundBytes, socket.writableHighWaterMark);
    this.#decoder = new Decoder(options);
    // `printf '{…}' | socat - UNIX:…` ends its input first and reads the reply after that.
    socket.allowHalfOpen = true;
    socket.on('data', (chunk: Buffer) => {
      if (!this.#stopped) this.#read(this.#decoder.push(chunk));
    });
    socket.on('end', () => this.#inputEnded());
    socket.on('drain', () => this.#drained());
    // A client that vanished is no fault of ours; `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClose());
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** How messages are framed; before the first byte, as lines. */
  get framing(): Framing {
    return this.#decoder.framing ?? 'lines';
  }

  /** Bytes that wait for the client to read. */
  get outboundBytes(): number {
    return this.#socket.writableLength;
  }

  /** Sends the text of a reply, however slow the reader is. */
  send(text: string): void {
    this.#write(encode(this.framing, text));
    if (this.#isBehind) this.#socket.pause();
  }

  notify(...notice: Notification): void {
    if (this.#missed.holds(notice) || this.#isBehind) this.#miss(notice);
    else this.#writeNotification(notice);
  }

  /** Sends an error that belongs to no request, and closes once the client had time to read it. */
  refuse(fault: RpcError): void {
    if (this.#closed.signal.aborted || this.#socket.writableEnded) return;
    this.#options.onFault(fault);
    this.#write(encode(this.framing, errorReply(null, fault)));
    this.#stopped = true;
    this.#socket.end();
    this.#socket.resume();
    const linger = setTimeout(() => this.#socket.destroy(), lingerMs);
    this.#socket.once('close', () => clearTimeout(linger));
  }

  /** Reads no more; what was read is still answered. */
  stopReading(): void {
    this.#stopped = true;
    this.#socket.pause();
  }

  /** Ends the connection after what was sent has gone out. */
  finish(): void {
    if (this.#socket.writableEnded) return;
    for (const notice of this.#missed.take()) this.#writeNotification(notice);
    // Until all is written Node would go on reading, and drop what comes. Closed with bytes unread, the client is told
    // so (ECONNRESET), and may send them again.
    if (this.#socket.writableLength === 0) this.#socket.destroy();
    else this.#socket.destroySoon();
  }

  /** Ends the connection now. */
  destroy(): void {
    this.#socket.destroy();
  }

  get #isBehind(): boolean {
    return this.#socket.writableLength > this.#maxOutboundBytes;
  }

  #read(messages: Buffer[]): void {
    for (const message of messages) this.#options.onMessage(message);
    const { fault } = this.#decoder;
    if (fault !== undefined) this.refuse(new RpcError(fault.code, fault.message));
  }

  #inputEnded(): void {
    if (this.#stopped) return;
    this.#read(this.#decoder.end());
    this.#options.onInputEnd();
    // To the reader, a client that sends no more looks like one that is gone. A write of nothing tells them
    // apart: on a Unix socket it fails with EPIPE once the peer has closed both ways.
    const probe = () => this.outboundBytes === 0 && this.#write(noBytes);
    probe();
    const timer = setInterval(probe, probeMs).unref();
    this.#socket.once('close', () => clearInterval(timer));
  }

  #miss(notice: Notification): void {
    if (this.#closed.signal.aborted) return;
    this.#missed.add(notice);
    if (this.#missed.size <= maxMissed) return;
    const message = `the client does not read: it missed ${maxMissed} executions, sessions or libraries`;
    this.#options.onFault(new RpcError('OVERLOADED', message));
    this.destroy();
  }

  #drained(): void {
    for (const notice of this.#missed.take()) this.#writeNotification(notice);
    if (!this.#stopped) this.#socket.resume();
  }

  #writeNotification([name, params]: Notification): void {
    this.#write(encode(this.framing, notification(name, params)));
  }

  /** Writes; what is written in one turn of the event loop goes out in one system call. */
  #write(bytes: Buffer): void {
    if (this.#socket.writableEnded || this.#socket.destroyed) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }

  #onClose(): void {
    this.#closed.abort();
    this.#options.onClose();
  }
}
