// What the guest side of a host module is given beside the language.

/** Calls a function of the module's host side. Throws what that threw: an Error with `code` and Node's other fields. */
declare const host: (name: string, ...args: unknown[]) => unknown;
