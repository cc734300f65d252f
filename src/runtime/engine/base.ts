// The base: the memory of a fresh engine after the guest prelude ran, made once. Every session starts as a copy
// of it, and every image is the difference from it.
import { createHash } from 'node:crypto';
import type { DriverAddresses } from './driver.js';
import type { Layout } from './pages.js';

/** Raise it with every change to the order of the boot or to what the memory of a base must hold. */
const bootVersion = 3;

/** A whole memory as of one moment, shared between threads; the addresses are those of the engine's memory. */
export interface Base {
  /** Which engine, prelude and boot this memory belongs to; images name it. */
  key: string;
  layout: Layout;
  /** The boot's addresses; an instance that booted differently must not be given this memory. */
  signature: string;
  /** Where the prelude's functions for the host are. */
  driver: DriverAddresses;
  heapEnd: number;
  /** `heapEnd` bytes, rounded up to pages. */
  memory: SharedArrayBuffer;
}

export interface GuestSources {
  /** An expression: a function that takes the host function and returns the driver. */
  prelude: string;
  /** What the prelude loads at first use, by name. */
  parts: Readonly<Record<string, string>>;
}

/** The key of the base that this engine and these sources make. */
export function baseKey(engineHash: string, sources: GuestSources): string {
  const hash = createHash('sha256').update(`boot ${bootVersion}\n${engineHash}\n${sources.prelude}`);
  for (const name of Object.keys(sources.parts).toSorted())
    hash.update(`\n${name}\n${sources.parts[name] ?? ''}`);
  return hash.digest('hex').slice(0, 32);
}

/** Where the heap of this memory ends now. */
export function readHeapEnd(memory: Uint8Array, layout: Layout): number {
  return new DataView(memory.buffer, memory.byteOffset).getUint32(layout.breakAddress, true);
}
