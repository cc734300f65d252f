// The host modules that a template may grant. The policy takes grants from this list only, and what a session's scripts
// can `import` and `require` of the host is what is on it and granted.
import type { HostModule } from './host-module.js';

/** All that there are. */
export const hostModules: readonly HostModule[] = [];
