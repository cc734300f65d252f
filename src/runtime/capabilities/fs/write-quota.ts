// How much may still be written: by one call, and by one execution.
import { constants } from 'node:os';
import { HostError } from '../host-module.js';
import { refuseOver } from './contents.js';

export interface FileBounds {
  /** Bytes that one call may read or write. */
  maxBytes: number;
  /** Bytes that one execution may write. */
  maxWrittenBytes: number;
}

/** What fails in another has written nothing. */
const writing: ReadonlySet<string | undefined> = new Set(['write', 'ftruncate']);

export class WriteQuota {
  readonly #bounds: FileBounds;
  /** The number of the execution in progress. */
  readonly #run: () => number;
  #written = { run: -1, bytes: 0 };

  constructor(bounds: FileBounds, run: () => number) {
    this.#bounds = bounds;
    this.#run = run;
  }

  /** What one call is to write, which is no more than it may. */
  bytesOf(target: string, content: string | Uint8Array, as: BufferEncoding): Uint8Array {
    const bytes = typeof content === 'string' ? Buffer.from(content, as) : content;
    refuseOver(this.#bounds.maxBytes, bytes.length, target);
    return bytes;
  }

  /** Has so much written by `write`. Throws EDQUOT, before it, where that is more than the execution may still write. */
  spend<T>(target: string, bytes: number, write: () => T): T {
    const run = this.#run();
    if (this.#written.run !== run) this.#written = { run, bytes: 0 };
    if (this.#written.bytes + bytes > this.#bounds.maxWrittenBytes) throw this.#full(target, bytes);
    this.#written.bytes += bytes;
    try {
      return write();
    } catch (error) {
      if (error instanceof HostError && !writing.has(error.fields.syscall)) this.#written.bytes -= bytes;
      throw error;
    }
  }

  #full(target: string, bytes: number): HostError {
    const { maxWrittenBytes } = this.#bounds;
    return new HostError(
      'EDQUOT',
      `EDQUOT: disk quota exceeded: with these ${bytes} bytes the execution would have written more than ${maxWrittenBytes}, the most that the template lets one write (config.maxWrittenBytes), write '${target}'`,
      { fields: { syscall: 'write', path: target, errno: -constants.errno.EDQUOT }, target },
    );
  }
}
