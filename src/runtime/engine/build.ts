// Which QuickJS runs here: the one line that chooses the engine's build, and its compiled module and identity.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  RELEASE_SYNC,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten';

/** The build: Bellard's QuickJS, twice as fast as quickjs-ng on loops; see ARCHITECTURE.md for what it costs. */
const build = RELEASE_SYNC;
const wasmFile = '@jitl/quickjs-wasmfile-release-sync/wasm';

/** The release of QuickJS inside that package. */
export const engineIdentity = { name: 'quickjs', version: '2025-09-13' } as const;

/** The stack that the build reserves in front of its heap (emscripten's `STACK_SIZE`), bytes. */
export const engineStackBytes = 5 * 1024 * 1024;

export interface EngineBinary {
  /** Compiled once; may be posted to worker threads, which then share its machine code. */
  module: WebAssembly.Module;
  /** SHA-256 of the file, hex: part of every image's key. */
  hash: string;
}

let binary: EngineBinary | undefined;

/** The engine's compiled module; reads and compiles it at the first call (about 10 ms). */
export function loadEngineBinary(): EngineBinary {
  if (binary === undefined) {
    const bytes = readFileSync(createRequire(import.meta.url).resolve(wasmFile));
    binary = {
      module: new WebAssembly.Module(bytes),
      hash: createHash('sha256').update(bytes).digest('hex'),
    };
  }
  return binary;
}

// The C library copies the program's name into the heap: left to itself it is the path of the script that Node
// runs, and the addresses of all that follows would depend on where this package is installed.
const emscriptenModule: object = { thisProgram: 'vmsys' };

/** One fresh engine with this memory as its own. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<QuickJSWASMModule> {
  const variant = newVariant(build, { wasmModule: module, wasmMemory: memory, emscriptenModule });
  return newQuickJSWASMModuleFromVariant(variant);
}
