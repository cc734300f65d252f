// What of a session and its template decides on what its scripts may import: plain data, posted to the worker.
import type { Capability, Policy, Resolver } from '../../records/index.js';
import { deniedPaths } from '../capabilities/fs/reach.js';
import { nameOfLibrary } from '../library-pins.js';

export interface ModuleSettings {
  /** Absolute; without one there are no files to import. */
  worktree?: string | undefined;
  resolver: Resolver;
  /** Whether `.js` and `.ts` files are ES modules. */
  esm: boolean;
  capabilities: readonly Capability[];
  /** Files and folders that no capability reaches: the daemon's own, and what the template denies. */
  closed: readonly string[];
  /** The template's id or name, for messages that say how to grant what is missing. */
  template: string;
  /** Of the libraries that are loaded. */
  libraries: readonly { id: string; name: string }[];
}

export interface ModuleOwner {
  policy: Policy;
  worktree?: string | undefined;
  /** The template's id or name. */
  template: string;
  closed: readonly string[];
}

/** What holds for the sessions of this version of a template, in this worktree. */
export function toModuleSettings({ policy, worktree, template, closed }: ModuleOwner): ModuleSettings {
  const { resolver, runtime, capabilities, libraries } = policy;
  return {
    ...(worktree === undefined ? {} : { worktree }),
    resolver,
    esm: runtime.esm,
    capabilities,
    closed: [...closed, ...deniedPaths(capabilities, worktree)],
    template,
    libraries: libraries.map(({ id }) => ({ id, name: nameOfLibrary(id) })),
  };
}
