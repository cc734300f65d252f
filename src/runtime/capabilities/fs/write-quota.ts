// How much may still be written: by one call, and by one execution.
import { refuseOver } from './contents.js';
import { systemError } from './errors.js';

export interface FileBounds {
  /** Bytes that one call may read or write. */
  maxBytes: number;
  /** Bytes that one execution may write. */
  maxWrittenBytes: number;
}

export class WriteQuota {
  readonly #bounds: FileBounds;
  /** The number of the execution in progress. */
  readonly #run: () => number;
  #written = { run: -1, bytes: 0 };

  constructor(bounds: FileBounds, run: () => number) {
    this.#bounds = bounds;
    this.#run = run;
  }

  /** What is to be written, once it is sure that it may be. */
  bytesOf(target: string, content: string | Uint8Array, as: BufferEncoding): Uint8Array {
    const bytes = typeof content === 'string' ? Buffer.from(content, as) : content;
    refuseOver(this.#bounds.maxBytes, bytes.length, target);
    this.count(target, bytes.length);
    return bytes;
  }

  /** Throws EDQUOT where the execution has written all that it may. */
  count(target: string, bytes: number): void {
    const run = this.#run();
    if (this.#written.run !== run) this.#written = { run, bytes: 0 };
    this.#written.bytes += bytes;
    if (this.#written.bytes > this.#bounds.maxWrittenBytes) throw systemError('EDQUOT', 'write', target);
  }
}
