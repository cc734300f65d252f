// An engine and the shadow of its memory: what was saved there is what it goes back to.
import { readHeapEnd, type Base } from './base.js';
import { Driver } from './driver.js';
import type { Engine } from './evaluation.js';
import {
  copyLive,
  fillShadow,
  imageOfShadow,
  isEmpty,
  shadowHeapEnd,
  updateShadow,
  type Image,
  type Reference,
  type Shadow,
  type Undo,
} from './image.js';
import { Instance, type Owner } from './instance.js';
import type { ModuleHost } from './module-host.js';
import { Linker } from './modules/linker.js';
import { guestStackBytes } from './stack-sizes.js';

export interface SavedEngineOptions {
  module: WebAssembly.Module;
  base: Base;
  /** What a fresh session starts from. */
  reference: Reference;
  maxMemoryMb: number;
  /** Where the session's state is mirrored. A filled one is restored from; an empty one means a fresh session. */
  shadow: Shadow;
  /** What its code may import and require. Absent: nothing. */
  modules?: ModuleHost;
}

/** Whoever answers what the guest asks, but for its modules. */
type Answerer = Omit<Owner, 'modules'>;

/** An engine without a session yet. */
export interface BootedEngine {
  readonly maxMemoryMb: number;
  readonly instance: Instance;
}

/** Boots an engine ahead of need: the part of {@link SavedEngine.open} that takes longest. */
export async function bootAhead(
  options: Pick<SavedEngineOptions, 'module' | 'maxMemoryMb'>,
): Promise<BootedEngine> {
  return { maxMemoryMb: options.maxMemoryMb, instance: await boot(options, 0) };
}

export class SavedEngine {
  readonly #options: SavedEngineOptions;
  #engine: Engine;
  #owner: Answerer | undefined;

  private constructor(options: SavedEngineOptions, instance: Instance) {
    this.#options = options;
    this.#engine = engineOf(instance, options);
    this.restore();
  }

  /**
   * Boots an engine, or takes one that was booted ahead, and fills it and an empty shadow: from the shadow where that
   * holds a state, else from the reference. Throws ImageError where the reference does not fit.
   */
  static async open(options: SavedEngineOptions, booted?: BootedEngine): Promise<SavedEngine> {
    const { shadow, base, reference, maxMemoryMb } = options;
    if (isEmpty(shadow)) fillShadow(shadow, base, reference);
    const needed = shadow.memory.byteLength;
    const fits = booted?.maxMemoryMb === maxMemoryMb && needed <= booted.instance.memoryBytes;
    return new SavedEngine(options, fits ? booted.instance : await boot(options, needed));
  }

  /** Gives it to whoever answers the guest from now on. */
  belongTo(owner: Answerer): void {
    this.#owner = owner;
    this.#engine.instance.belongTo({ ...owner, modules: this.#engine.linker });
  }

  /** The engine as it is now: another one after {@link replace}. */
  get engine(): Engine {
    return this.#engine;
  }

  /** The end of the heap in the engine's memory, bytes. */
  get heapEnd(): number {
    return readHeapEnd(this.#engine.instance.bytes, this.#options.base.layout);
  }

  /** Makes the shadow equal to the memory, what {@link restore} comes back to; answers what changed since the last time. */
  save(): Undo {
    const { shadow, base } = this.#options;
    return updateShadow(shadow, this.#engine.instance.bytes, base, this.heapEnd);
  }

  /** The saved state, packed as what differs from a reference. */
  image(reference: Reference): Image {
    const { shadow, base } = this.#options;
    return imageOfShadow(shadow, base, reference);
  }

  /** Makes the engine's memory the shadow's. */
  restore(): void {
    const { base, shadow } = this.#options;
    const { instance } = this.#engine;
    if (instance.signature !== base.signature) throw new Error('engine booted differently from its base');
    copyLive(instance.bytes, base, { memory: shadow.memory, heapEnd: shadowHeapEnd(shadow) });
    instance.setStackBytes(guestStackBytes);
  }

  /** Takes a fresh engine, where the present one cannot be trusted or is full; {@link restore} fills it. */
  async replace(): Promise<void> {
    const { shadow } = this.#options;
    this.#engine = engineOf(await boot(this.#options, shadow.memory.byteLength), this.#options);
    if (this.#owner !== undefined) this.belongTo(this.#owner);
  }
}

function engineOf(instance: Instance, { base, modules }: SavedEngineOptions): Engine {
  const driver = new Driver(instance, base.driver);
  return { instance, driver, linker: new Linker(instance, driver, modules) };
}

const boot = (
  { module, maxMemoryMb }: Pick<SavedEngineOptions, 'module' | 'maxMemoryMb'>,
  initialBytes: number,
): Promise<Instance> => Instance.boot({ module, maxMemoryMb, initialBytes, stackBytes: guestStackBytes });
