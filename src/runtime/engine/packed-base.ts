// A base as it is kept: its pages that are not empty, deflated; as a record for the store, as text for a file.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import type { Base } from './base.js';
import { differenceOfPages, differingPages, liveRanges, pageBytes, placePages } from './pages.js';

export interface PackedBase {
  key: string;
  /** The base's addresses, as JSON. */
  layout: string;
  heapEnd: number;
  /** Numbers of the pages that are not empty, ascending. */
  pages: Uint32Array;
  /** Their bytes, in that order, raw deflate. */
  data: Uint8Array;
}

/** Packs a base. */
export function packBase({ key, layout, signature, driver, heapEnd, memory }: Base): PackedBase {
  const bytes = new Uint8Array(memory);
  const pages = differingPages(bytes, new Uint8Array(0), liveRanges(layout, heapEnd));
  return {
    key,
    layout: JSON.stringify({ layout, signature, driver }),
    heapEnd,
    pages: Uint32Array.from(pages),
    data: deflateRawSync(differenceOfPages(bytes, new Uint8Array(0), pages), { level: 1 }),
  };
}

/** The base that {@link packBase} packed, byte for byte. */
export function unpackBase({ key, layout: addresses, heapEnd, pages, data }: PackedBase): Base {
  const { layout, signature, driver } = JSON.parse(addresses) as Pick<
    Base,
    'layout' | 'signature' | 'driver'
  >;
  const memory = new SharedArrayBuffer(Math.ceil(heapEnd / pageBytes) * pageBytes);
  placePages(new Uint8Array(memory), pages, inflateRawSync(data)); // their difference from an empty memory
  return { key, layout, signature, driver, heapEnd, memory };
}

const BaseFile = z.object({
  key: z.string(),
  layout: z.string(),
  heapEnd: z.int().positive(),
  pages: z.array(z.int().nonnegative()),
  data: z.base64(),
});

/** The text of a file that holds the base. */
export const formatBaseFile = (base: PackedBase): string =>
  JSON.stringify({
    ...base,
    pages: [...base.pages],
    data: Buffer.from(base.data).toString('base64'),
  } satisfies z.input<typeof BaseFile>);

/** Reads {@link formatBaseFile}'s text; throws for any other. */
export function parseBaseFile(text: string): PackedBase {
  const { pages, data, ...rest } = BaseFile.parse(JSON.parse(text));
  return { ...rest, pages: Uint32Array.from(pages), data: Buffer.from(data, 'base64') };
}
