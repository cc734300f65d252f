// Which QuickJS runs here: the one line that chooses the engine's build; its file and identity are in `binary.ts`.
import {
  RELEASE_SYNC,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSWASMModule,
} from 'quickjs-emscripten';

/** The build: Bellard's QuickJS, twice as fast as quickjs-ng on loops; see ARCHITECTURE.md for what it costs. */
const build = RELEASE_SYNC;

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
