// The module `buffer`: Node's Buffer, as the package `buffer` makes it of Uint8Array.
export { Buffer, constants, kMaxLength } from 'buffer';
