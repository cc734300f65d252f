// The engine and the guest prelude to a base: boots an engine, runs the prelude in it, and keeps the memory.
import type { QuickJSHandle } from 'quickjs-emscripten';
import { baseKey, readHeapEnd, type Base, type GuestSources } from './base.js';
import { engineStackBytes } from './binary.js';
import { instantiate } from './build.js';
import type { HostAnswer, HostArgument } from './crossing-values.js';
import { driverAddresses, type DriverAddresses } from './driver.js';
import { Instance, evalFlags } from './instance.js';
import { bridgeModule, bridgeName } from './modules/synthetic.js';
import { liveRanges, pageBytes, type Layout } from './pages.js';

/** Makes the base: boots an instance, runs the prelude, copies the memory. About 30 ms. */
export async function makeBase(
  module: WebAssembly.Module,
  engineHash: string,
  sources: GuestSources,
): Promise<Base> {
  const layout = await findLayout(module);
  const instance = await Instance.boot({
    module,
    maxMemoryMb: 64,
    stackBytes: 256 * 1024,
  });
  instance.belongTo({ hostCall: hostOfPrelude(sources), shouldInterrupt: () => false });
  const { signature } = instance;
  const driver = runPrelude(instance, sources);
  const heapEnd = readHeapEnd(instance.bytes, layout);
  const memory = new SharedArrayBuffer(Math.ceil(heapEnd / pageBytes) * pageBytes);
  const target = new Uint8Array(memory);
  for (const [start, end] of liveRanges(layout, heapEnd))
    target.set(instance.bytes.subarray(start, end), start);
  return { key: baseKey(engineHash, sources), layout, signature, driver, heapEnd, memory };
}

function runPrelude(instance: Instance, sources: GuestSources): DriverAddresses {
  const boot = instance.evaluate(sources.prelude, 'vmsys:prelude', evalFlags.global);
  if (boot.kind === 'exception')
    throw new Error(`guest prelude: ${String(instance.context.dump(boot.handle))}`);
  const driver = instance.call(boot.handle, instance.context.undefined, [instance.hostFunction]);
  if (driver.kind === 'exception')
    throw new Error(`guest prelude: ${JSON.stringify(instance.context.dump(driver.handle))}`);
  boot.handle.dispose();
  makeBridge(instance, driver.handle);
  return driverAddresses(instance, driver.handle);
}

/** Evaluates the module through which those that the host writes reach the prelude. */
function makeBridge(instance: Instance, driver: QuickJSHandle): void {
  const { context } = instance;
  const bridge = context.getProp(driver, 'bridge');
  context.setProp(context.global, bridgeName, bridge);
  const made = instance.evaluate(bridgeModule, bridgeName, evalFlags.module);
  if (made.kind === 'exception')
    throw new Error(`guest prelude: ${JSON.stringify(context.dump(made.handle))}`);
  made.handle.dispose();
  bridge.dispose();
}

const hostOfPrelude =
  (sources: GuestSources) =>
  (operation: string, args: HostArgument[]): HostAnswer => {
    if (operation === 'now') return performance.now();
    if (operation === 'entropy') return '0123456789abcdef0123456789abcdef';
    if (operation === 'source') return sources.parts[String(args[0])];
    return undefined;
  };

/**
 * Finds the word that holds the heap's end, by watching which word of the static data follows when the heap grows.
 * The build does not export it, and without it a comparison would have to read all of the memory.
 */
async function findLayout(module: WebAssembly.Module): Promise<Layout> {
  const growth = 4 * 1024 * 1024;
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 1024 });
  const words = () => new Uint32Array(memory.buffer).slice(0, engineStackBytes / 4);
  const quickjs = await instantiate(module, memory);
  const context = quickjs.newRuntime().newContext();
  const before = words();
  context.evalCode(`globalThis.ballast = new ArrayBuffer(${growth})`, 'vmsys:layout', evalFlags.global);
  const after = words();
  let found: number | undefined;
  for (let index = 0; index < after.length; index++) {
    const [start = 0, now = 0] = [before[index], after[index]];
    const follows = start > engineStackBytes && now - start >= growth && now <= memory.buffer.byteLength;
    // Two words follow, the allocator's top and the break itself, which is the higher.
    if (follows && (found === undefined || now > (after[found] ?? 0))) found = index;
  }
  const heapBase = found === undefined ? undefined : initialWords(module)[found];
  if (found === undefined || heapBase === undefined || heapBase <= engineStackBytes) {
    throw new Error('engine: no word of its static data follows the end of its heap; is this another build?');
  }
  return {
    staticEnd: Math.ceil((heapBase - engineStackBytes) / pageBytes) * pageBytes,
    heapStart: Math.floor(heapBase / pageBytes) * pageBytes,
    breakAddress: found * 4,
  };
}

/** The static data as the build has it, before any of its code ran: there the break is where the heap begins. */
function initialWords(module: WebAssembly.Module): Uint32Array {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 1024 });
  const imports: Record<string, Record<string, unknown>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = kind === 'memory' ? memory : () => 0;
  }
  void new WebAssembly.Instance(module, imports);
  return new Uint32Array(memory.buffer);
}
