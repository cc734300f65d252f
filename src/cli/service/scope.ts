// Whose service is meant: the user's own, or one that a group shares. Names of units, and where everything is.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Context, Environment } from '../context.js';
import { UsageFault } from '../fault.js';
import { findPlaces, unusual, type Places } from './places.js';
import { sharedSocketPath } from './shared-socket.js';
import { programRunner, type RunProgram } from './run-program.js';
import type { UnitFolders } from './unit-text.js';

/** The params that every service command takes. */
export const scopeParams = {
  system: z.boolean().optional().describe('the system service that a group shares; needs --group'),
  group: z
    .string()
    .regex(/^[A-Za-z_][\w-]*$/)
    .optional()
    .describe('the Unix group whose members share it'),
};

export interface Scope {
  /** For every call of systemctl and journalctl. */
  manager: '--user' | '--system';
  group: string | undefined;
  socketUnit: string;
  serviceUnit: string;
  socketPath: string;
  /** Where our units go. */
  unitFolder: string;
  stateDir: string;
  cacheDir: string;
  /** Why the user's config file could not be read: what it says of the folders is then not known. */
  configFault: string | undefined;
  /** What the units' texts must name. */
  folders: UnitFolders;
  /** The environment for commands of systemd: with the runtime folder, if the shell does not know it. */
  env: Environment;
  uid: number;
  run: RunProgram;
}

/** Finds out what the params mean here. */
export function findScope(
  { env: given, signal }: Pick<Context, 'env' | 'signal'>,
  { system = false, group }: { system?: boolean | undefined; group?: string | undefined },
): Scope {
  if (system !== (group !== undefined)) {
    throw new UsageFault('--system and --group GROUP go together: the group is who shares the service');
  }
  const uid = process.getuid?.() ?? 0;
  const runtimeDir = given['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
  const env = existsSync(runtimeDir) ? { ...given, XDG_RUNTIME_DIR: runtimeDir } : given;
  const run = programRunner(env, signal);
  return group === undefined
    ? userScope(findPlaces(given), { env, uid, run, runtimeDir })
    : sharedScope(group, { env, uid, run });
}

function userScope(
  places: Places,
  { runtimeDir, ...process }: Pick<Scope, 'env' | 'uid' | 'run'> & { runtimeDir: string },
): Scope {
  return {
    ...process,
    manager: '--user',
    group: undefined,
    socketUnit: 'vmsysd.socket',
    serviceUnit: 'vmsysd.service',
    socketPath: join(runtimeDir, 'vmsys', 'vmsysd.sock'),
    unitFolder: join(places.configHome, 'systemd', 'user'),
    stateDir: places.stateDir,
    cacheDir: places.cacheDir,
    configFault: places.configFault,
    folders: unusual(places),
  };
}

const sharedScope = (group: string, process: Pick<Scope, 'env' | 'uid' | 'run'>): Scope => ({
  ...process,
  manager: '--system',
  group,
  socketUnit: `vmsysd@${group}.socket`,
  serviceUnit: `vmsysd@${group}.service`,
  socketPath: sharedSocketPath(group),
  unitFolder: '/etc/systemd/system',
  stateDir: `/var/lib/vmsys/${group}`,
  cacheDir: `/var/cache/vmsys/${group}`,
  configFault: undefined,
  folders: { stateDir: undefined, cacheDir: undefined, configHome: undefined },
});

/** The command that a person types for `systemctl` in this scope. */
export const systemctlWords = ({ manager }: Pick<Scope, 'manager'>, ...words: string[]): string =>
  ['systemctl', ...(manager === '--user' ? ['--user'] : []), ...words].join(' ');

/** The command that a person types to install in this scope. */
export const installWords = ({ group }: Pick<Scope, 'group'>): string =>
  group === undefined ? 'vmsys service install' : `sudo vmsys service install --system --group ${group}`;

/** The flags that bring another command into this scope: empty for the user's own service. */
export const scopeFlags = ({ group }: Pick<Scope, 'group'>): string =>
  group === undefined ? '' : ` --system --group ${group}`;

/** The command that shows the log in this scope. */
export const logsWords = ({ group }: Pick<Scope, 'group'>): string =>
  group === undefined ? 'vmsys logs' : `sudo vmsys logs --group ${group}`;
