// What a script's `import` and `require` reach: the engine asks, whoever opened the sandbox answers. Everything here
// is called in the worker's thread while the script waits. Ids, referrers and arguments come out of the session's
// memory: each call must check for itself what may be reached.

export interface ModuleHost {
  /**
   * What `specifier` means to the file `referrer` (the filename its code was evaluated with, `<input>` where it came
   * from `eval`): the id of a module. Not asked for the names of loaded libraries.
   * Throws an Error with the message, and where it has one the `code`, that the script is to catch.
   */
  resolve(specifier: string, referrer: string, by: 'import' | 'require'): string;
  /** A module's source; asked once in a session for what is then evaluated. Throws as {@link resolve} does. */
  load(id: string): ModuleSource;
  /**
   * Where a module lies that is a file, absolute, by its id or by the filename of what is run: what scripts know it by.
   * `undefined` for others. Absent: no module is a file.
   */
  pathOf?(id: string): string | undefined;
  /**
   * Does what a host module's function does: `args` and the answer are JSON-like values, bytes are Uint8Array.
   * Throws as {@link resolve} does; the error's own fields, and those of its `fields`, reach the script (`code`,
   * `syscall`, `path`, …). One with the name `HostError` arrives as a plain Error.
   */
  call(module: string, name: string, args: readonly HostValue[]): HostValue;
}

export type HostValue =
  undefined | null | boolean | number | string | Uint8Array | HostValue[] | { [key: string]: HostValue };

export interface ModuleSource {
  /**
   * `module`: an ES module; `commonjs`: the body of a CommonJS module; `json`: a text; `host`: the body of a CommonJS
   * module that is given one more variable, `host(name, …args)`, which calls {@link ModuleHost.call} for its id.
   */
  format: 'module' | 'commonjs' | 'json' | 'host';
  code: string;
  /**
   * What stack traces call it, and the `referrer` of what it imports. No two ES modules have the same; what begins
   * with `vmsys:prelude:` is left out of stack traces.
   */
  filename: string;
  /**
   * The names that an ES module can import from one of another format. Absent: it is run as soon as it is imported, to
   * see them.
   */
  exports?: readonly string[];
}

/** A library as a session loads it, before its first run: evaluated once, then in the session's memory. */
export interface LibraryCode {
  id: string;
  /** What `import` and `require` call it. */
  name: string;
  /** The variable of the global scope that has it. */
  global?: string | undefined;
  format: 'script' | 'module';
  code: string;
}
