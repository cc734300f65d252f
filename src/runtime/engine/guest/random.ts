// Math.random from a generator in the session's own memory, so that copies of a session can be given different
// sequences: sfc32, 128 bits of state (Chris Doty-Humphrey's PractRand).
import { parseInt, slice } from './primordials.js';

let a = 0;
let b = 0;
let c = 0;
let counter = 1;

/** Starts a new sequence from 32 hexadecimal digits. */
export function reseed(digits: string): void {
  a = parseInt(slice(digits, 0, 8), 16) | 0;
  b = parseInt(slice(digits, 8, 16), 16) | 0;
  c = parseInt(slice(digits, 16, 24), 16) | 0;
  counter = parseInt(slice(digits, 24, 32), 16) | 0;
  // The first numbers still resemble the seed.
  for (let round = 0; round < 12; round++) next();
}

function next(): number {
  const sum = (((a + b) | 0) + counter) | 0;
  counter = (counter + 1) | 0;
  a = b ^ (b >>> 9);
  b = (c + (c << 3)) | 0;
  c = ((c << 21) | (c >>> 11)) + sum;
  return sum >>> 0;
}

export const { random } = {
  /** A number from 0 to 1, 1 not included, of 53 bits. */
  random(): number {
    return ((next() >>> 5) * 67_108_864 + (next() >>> 6)) / 9_007_199_254_740_992;
  },
};
