// The engine's binary: its file, compiled, and what it is. Which one it is, `build.ts` says.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The file of the build that `build.ts` chooses. */
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
