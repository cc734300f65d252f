// The one link to the outside: a function that takes the name of an operation.

/**
 * - `print` (kind, text): `log info debug warn error trace` are a line of the console, `stdout stderr` raw text.
 * - `now`: monotonic milliseconds. `entropy`: 32 fresh hexadecimal digits.
 * - `source` (name): the text of a part of the prelude that is loaded at its first use.
 * What modules ask is in `modules/host-link.ts`.
 */
export type HostOperation = 'print' | 'now' | 'entropy' | 'source';

export type Host = (operation: HostOperation, ...args: (string | number)[]) => string | number | undefined;

export type PrintKind = 'log' | 'info' | 'debug' | 'warn' | 'error' | 'trace' | 'stdout' | 'stderr';
