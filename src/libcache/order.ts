// The order in which libraries are listed: by name, then by version as people count.
import type { Library } from '../records/index.js';

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

// Made when it is first needed: it takes 15 ms.
let collator: Intl.Collator | undefined;
const byNumber = (a: string, b: string): number =>
  (collator ??= new Intl.Collator('en', { numeric: true })).compare(a, b);

export const inOrder = (libraries: readonly Library[]): Library[] =>
  libraries.toSorted((a, b) => compare(a.name, b.name) || byNumber(a.version, b.version));
