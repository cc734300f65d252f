// What `fs.promises.open` answers: an open file, with Node's functions of it.
import type { Options } from '../arguments.js';
import type { Stats } from '../stats.js';
import { byDescriptor, readInto, readingOf, readRest, writeRest } from './descriptors.js';

const asyncDispose = (Symbol as { asyncDispose?: symbol }).asyncDispose;

export class FileHandle {
  #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    if (asyncDispose !== undefined)
      Object.defineProperty(this, asyncDispose, { value: () => this.close(), configurable: true });
  }

  /** -1 once it is closed. */
  get fd(): number {
    return this.#descriptor;
  }

  async appendFile(data: unknown, options?: Options): Promise<void> {
    writeRest(this.#open(), data, options);
  }

  async close(): Promise<void> {
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    if (descriptor !== -1) byDescriptor.close(descriptor);
  }

  async datasync(): Promise<void> {
    byDescriptor.fdatasync(this.#open());
  }

  async read(...args: unknown[]): Promise<{ bytesRead: number; buffer: Uint8Array }> {
    const reading = readingOf(args);
    return { bytesRead: readInto(this.#open(), reading), buffer: reading.buffer };
  }

  async readFile(options?: Options): Promise<string | Uint8Array> {
    return readRest(this.#open(), options);
  }

  async stat(): Promise<Stats> {
    return byDescriptor.fstat(this.#open());
  }

  async sync(): Promise<void> {
    byDescriptor.fsync(this.#open());
  }

  async truncate(size?: number): Promise<void> {
    byDescriptor.ftruncate(this.#open(), size);
  }

  async utimes(accessed: unknown, modified: unknown): Promise<void> {
    byDescriptor.futimes(this.#open(), accessed, modified);
  }

  async write(data: unknown, ...rest: unknown[]): Promise<{ bytesWritten: number; buffer: unknown }> {
    return { bytesWritten: byDescriptor.write(this.#open(), data, ...rest), buffer: data };
  }

  async writeFile(data: unknown, options?: Options): Promise<void> {
    writeRest(this.#open(), data, options);
  }

  #open(): number {
    if (this.#descriptor !== -1) return this.#descriptor;
    throw Object.assign(new Error('file closed'), { code: 'EBADF', errno: -9 });
  }
}
