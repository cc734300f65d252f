// The base of this engine and prelude: from the store where it was made before, else made now and stored.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { baseKey, makeBase, type Base, type GuestSources } from './engine/base.js';
import { loadEngineBinary } from './engine/build.js';
import { differingPages, gatherPages, liveRanges, pageBytes, scatterPages } from './engine/pages.js';
import { readGuestSources } from './engine/guest-sources.js';
import type { ImageStore } from './store/images.js';

/**
 * Loads the base, or makes it (about 100 ms). It must be stored before a session is made from it: it is not the same
 * bytes when it is made again, and every image is a difference from exactly these.
 */
export async function loadBase(store: ImageStore): Promise<{ base: Base; sources: GuestSources }> {
  const sources = readGuestSources();
  const { module, hash } = loadEngineBinary();
  const stored = store.findBase(baseKey(hash, sources));
  if (stored !== undefined) {
    const { layout, signature, driver } = JSON.parse(stored.layout) as Pick<
      Base,
      'layout' | 'signature' | 'driver'
    >;
    const memory = new SharedArrayBuffer(Math.ceil(stored.heapEnd / pageBytes) * pageBytes);
    scatterPages(new Uint8Array(memory), stored.pages, inflateRawSync(stored.data));
    return { base: { key: stored.key, layout, signature, driver, heapEnd: stored.heapEnd, memory }, sources };
  }
  const base = await makeBase(module, hash, sources);
  const { key, layout, signature, driver, heapEnd, memory } = base;
  const bytes = new Uint8Array(memory);
  const pages = differingPages(bytes, new Uint8Array(0), liveRanges(layout, heapEnd));
  const data = deflateRawSync(gatherPages(bytes, pages), { level: 1 });
  store.saveBase({
    key,
    layout: JSON.stringify({ layout, signature, driver }),
    heapEnd,
    pages: Uint32Array.from(pages),
    data,
  });
  return { base, sources };
}
