// Values between the host and an engine's memory, both ways. The binding copies them there without a look at whether it
// got the memory for it: so that is made sure of first.
import type { QuickJSContext, QuickJSHandle } from 'quickjs-emscripten';

export type HostArgument = string | number | Uint8Array;
/** `value` and `thrown` are handed over: who gets them disposes of them. */
export type HostAnswer =
  string | number | undefined | Uint8Array | { value: QuickJSHandle } | { thrown: QuickJSHandle };

/** More than any memory has left. */
const mostBytes = 2 ** 31 - 1;
/** A text takes at most so many bytes of the engine's memory, terminated. */
const textBytes = (text: string): number => text.length * 3 + 1;

export class CrossingValues {
  readonly #context: QuickJSContext;
  readonly #memory: WebAssembly.Memory;
  readonly #maxBytes: number;
  /** Has the engine take so many bytes and let go of them; what it throws where there are none. */
  readonly #takeRoom: (bytes: number) => QuickJSHandle | undefined;

  constructor(
    context: QuickJSContext,
    memory: { memory: WebAssembly.Memory; maxBytes: number },
    takeRoom: (bytes: number) => QuickJSHandle | undefined,
  ) {
    this.#context = context;
    this.#memory = memory.memory;
    this.#maxBytes = memory.maxBytes;
    this.#takeRoom = takeRoom;
  }

  toHost(arg: QuickJSHandle): HostArgument {
    const context = this.#context;
    const type = context.typeof(arg);
    if (type === 'number') return context.getNumber(arg);
    if (type !== 'object') return context.getString(arg);
    const bytes = context.getArrayBuffer(arg);
    try {
      return bytes.value.slice();
    } finally {
      bytes.dispose();
    }
  }

  /** Throws the engine's own "out of memory", a handle, where the answer does not fit. */
  toGuest(answer: HostAnswer): QuickJSHandle {
    const context = this.#context;
    if (answer === undefined) return context.undefined;
    if (typeof answer === 'number') return context.newNumber(answer);
    if (typeof answer === 'string') {
      this.#requireRoom(textBytes(answer));
      return context.newString(answer);
    }
    if (answer instanceof Uint8Array) {
      this.#requireRoom(answer.byteLength);
      // The binding takes whole buffers, and a Buffer may lie in one that it shares with others.
      return context.newArrayBuffer(new Uint8Array(answer).buffer);
    }
    if ('value' in answer) return answer.value;
    throw answer.thrown;
  }

  /** Where the memory might have to grow beyond its maximum, the engine is asked, which refuses in good order. */
  #requireRoom(bytes: number): void {
    if (this.#memory.buffer.byteLength + bytes <= this.#maxBytes) return;
    const refusal = this.#takeRoom(bytes);
    if (refusal === undefined) return;
    refusal.dispose();
    throw this.#takeRoom(mostBytes) ?? new Error('engine: its memory has no end');
  }
}
