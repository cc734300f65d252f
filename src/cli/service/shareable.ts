// Whether this installation can serve a group: written by root, readable by a user of its own.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { findInstallation } from './installation.js';
import type { Scope } from './scope.js';
import { ServiceFault } from './service-fault.js';

/** Throws ServiceFault where a system service is to be changed by somebody else than root. */
export function requireRoot({ manager, uid }: Scope, dryRun: boolean): void {
  if (manager === '--user' || dryRun || uid === 0) return;
  throw new ServiceFault(`a system service is root's to change; put sudo in front of it`);
}

/** Throws ServiceFault where it cannot, with what would help. */
export async function requireShareable(scope: Scope): Promise<void> {
  const group = scope.group ?? '';
  if ((await scope.run('getent', ['group', group])).status !== 0) {
    throw new ServiceFault(`there is no group ${group}; make it with "groupadd --system ${group}"`);
  }
  const { node, root } = findInstallation();
  const closed = [node, root].flatMap(foldersAbove).find((folder) => (statSync(folder).mode & 0o001) === 0);
  if (closed === undefined) return;
  throw new ServiceFault(
    `the shared daemon runs as a user of its own, which cannot pass through ${closed}; install Node and vmsysd for all users (under /usr or /usr/local)`,
  );
}

function foldersAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [above] : [above, ...foldersAbove(above)];
}
