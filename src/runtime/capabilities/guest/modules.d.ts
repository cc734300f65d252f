// Modules of the guest that the build makes, or has only types of its own for.
declare module 'vmsys:buffer' {
  export const Buffer: {
    from(memory: ArrayBufferLike, offset: number, length: number): Uint8Array;
    from(text: string, encoding?: string): Uint8Array;
  };
}

declare module 'buffer' {
  export const Buffer: unknown;
  export const constants: unknown;
  export const kMaxLength: number;
}

declare module 'vmsys:fs' {
  const fs: { promises: unknown };
  export default fs;
}
