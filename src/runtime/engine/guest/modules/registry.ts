// The modules that a session has: what each exports, kept in its memory, so that a session that slept has them still.
import { mapDelete, mapGet, mapSet, newMap } from '../primordials.js';

/** What a CommonJS module finds as `module`. */
export interface ModuleObject {
  id: string;
  path: string;
  filename: string;
  exports: unknown;
  loaded: boolean;
  require: unknown;
}

export interface Entry {
  /** Of what `require` evaluated, also while that runs. */
  module?: ModuleObject;
  /** The run in which it is evaluated, until it was. */
  begun?: string | undefined;
  /** What the host wrote of the ES module that has it, once that was evaluated to its end. */
  evaluated?: string;
  /** Of an ES module: what `require` gives. */
  required?: { value: unknown };
  /** Of a library: what `import` of it gives as `default`. */
  preferred?: { value: unknown };
  /** Of a library: the names that can be imported, where they are not those of its value. */
  names?: readonly string[];
}

const entries = newMap<string, Entry>();
/** Ids of the loaded libraries by their names. */
const libraries = newMap<string, string>();

export const find = (id: string): Entry | undefined => mapGet(entries, id);

/** The entry, made where there is none. */
export function enter(id: string): Entry {
  const present = mapGet(entries, id);
  if (present !== undefined) return present;
  // Nothing that a script puts on `Object.prototype` is told what is assigned.
  const made = { __proto__: null } as Entry;
  mapSet(entries, id, made);
  return made;
}

export const forget = (id: string): void => void mapDelete(entries, id);

/** The id of the loaded library of this name; empty where there is none. */
export const libraryId = (name: string): string => mapGet(libraries, name) ?? '';

export const nameLibrary = (name: string, id: string): void => void mapSet(libraries, name, id);

/** What the host wrote of the ES module that has the module; empty where none was evaluated to its end. */
export const evaluated = (id: string): string => mapGet(entries, id)?.evaluated ?? '';
