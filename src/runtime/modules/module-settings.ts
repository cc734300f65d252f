// What of a session and its template decides on what its scripts may import: plain data, posted to the worker.
import type { Capability, Resolver } from '../../records/index.js';

export interface ModuleSettings {
  /** Absolute; without one there are no files to import. */
  worktree?: string | undefined;
  resolver: Resolver;
  /** Whether `.js` and `.ts` files are ES modules. */
  esm: boolean;
  capabilities: readonly Capability[];
  /** The template's id or name, for messages that say how to grant what is missing. */
  template: string;
  /** Of the libraries that are loaded. */
  libraries: readonly { id: string; name: string }[];
}
