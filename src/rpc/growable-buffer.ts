// Bytes that arrive in pieces become one buffer. Its room doubles, so that any number of pieces costs linear
// time, and many tiny ones no more memory than twice their sum.

const initialBytes = 4096;

export class GrowableBuffer {
  #buffer: Buffer | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(chunk: Buffer): void {
    const needed = this.#length + chunk.length;
    if (this.#buffer === undefined || this.#buffer.length < needed) this.#grow(needed);
    if (this.#buffer !== undefined) chunk.copy(this.#buffer, this.#length);
    this.#length = needed;
  }

  /** All bytes so far; they belong to the caller, and this begins anew. */
  take(): Buffer {
    const bytes = this.#buffer?.subarray(0, this.#length) ?? Buffer.alloc(0);
    this.#buffer = undefined;
    this.#length = 0;
    return bytes;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(initialBytes, needed, 2 * (this.#buffer?.length ?? 0)));
    this.#buffer?.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
