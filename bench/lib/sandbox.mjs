// One session's engine in this thread, without a worker and a store, from the build.
import { loadBase } from '../../dist/runtime/base-loader.js';
import { loadEngineBinary } from '../../dist/runtime/engine/binary.js';
import { createShadow } from '../../dist/runtime/engine/image.js';
import { Sandbox } from '../../dist/runtime/engine/sandbox.js';

const maxMemoryMb = 128;

/** A fresh session. */
export async function openSandbox() {
  const { base, sources } = await loadBase({ find: () => undefined, save: () => {} });
  const { module } = loadEngineBinary();
  const options = { module, base, reference: base, sources, maxMemoryMb, isCancelled: () => false };
  return Sandbox.open({ ...options, shadow: createShadow(maxMemoryMb) });
}
