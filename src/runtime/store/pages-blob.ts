// Page numbers as the bytes of a column.

export const toBlob = (pages: Uint32Array): Uint8Array =>
  new Uint8Array(pages.buffer, pages.byteOffset, pages.byteLength);

/** Copied, because a blob need not begin at an address that a Uint32Array may begin at. */
export const fromBlob = (blob: Uint8Array): Uint32Array =>
  new Uint32Array(new Uint8Array(blob).buffer, 0, Math.floor(blob.byteLength / 4));
