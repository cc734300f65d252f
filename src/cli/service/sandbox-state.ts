// Whether the service really is in its sandbox: what its units ask for, and what the kernel says of the process.
import { readlinkSync } from 'node:fs';
import type { Scope } from './scope.js';
import { hasFallback } from './unit-files.js';

/**
 * `on`: as the unit asks; `reduced`: this host has no user namespaces; `off`: the unit asks, and the process is not in
 * it (systemd ignored it); `unknown`: no process to look at.
 */
export type SandboxState = 'on' | 'reduced' | 'off' | 'unknown';

/** Looks at the namespaces of the process, which its owner may. */
export function sandboxState(scope: Scope, pid: number | undefined): SandboxState {
  if (hasFallback(scope)) return 'reduced';
  if (pid === undefined) return 'unknown';
  try {
    const inOwn = readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt');
    return inOwn ? 'on' : 'off';
  } catch {
    return 'unknown'; // somebody else's process, or it ended meanwhile
  }
}

export const sandboxText: Readonly<Record<SandboxState, string>> = {
  on: 'on',
  reduced: 'reduced: this host has no user namespaces',
  off: 'off: systemd ignored it; see "vmsys service doctor"',
  unknown: 'on, when it runs',
};
