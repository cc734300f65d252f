// Whether a systemd manager answers, what it reads, and what the host lets its units do.
import type { Scope } from './scope.js';
import { ServiceFault } from './service-fault.js';

export interface Manager {
  version: number;
  /** The folders from which it reads units. */
  unitPath: readonly string[];
}

/** Asks the manager; answers a sentence that says why there is none. */
export async function findManager(scope: Scope): Promise<Manager | string> {
  const { status, stdout, stderr } = await scope.run('systemctl', [
    scope.manager,
    'show',
    '--no-pager',
    '--property=Version,UnitPath',
  ]);
  if (status !== 0) return noManager(scope, stderr.trim().split('\n')[0] ?? '');
  const [, version] = /^Version=\D*(\d+)/m.exec(stdout) ?? [];
  const [, unitPath = ''] = /^UnitPath=(.*)$/m.exec(stdout) ?? [];
  return { version: Number(version ?? 0), unitPath: unitPath.split(' ').filter((path) => path !== '') };
}

const noManager = ({ manager, uid }: Scope, reason: string): string =>
  manager === '--system'
    ? `no systemd answers here (${reason})`
    : `no systemd of user ${uid} answers here (${reason}). It is started by a login (not by su or sudo: there "machinectl shell USER@" or "ssh" helps), or at boot after "loginctl enable-linger". Without systemd, vmsys starts the daemon itself: just use it`;

/** As findManager, for commands that are nothing without it. */
export async function requireManager(scope: Scope): Promise<Manager> {
  const manager = await findManager(scope);
  if (typeof manager === 'string') throw new ServiceFault(manager);
  return manager;
}

export interface Probe {
  userNamespaces: boolean;
  /** What the host said against it. */
  reason: string;
}

/** Has the manager run `true` in a sandbox as the service's. A host without user namespaces ends it with 217 or 226. */
export async function probeSandbox(scope: Scope): Promise<Probe> {
  if (scope.manager === '--system') return { userNamespaces: true, reason: '' };
  const settings = ['PrivateUsers=yes', 'ProtectSystem=strict', 'PrivateNetwork=yes', 'PrivateTmp=yes'];
  const { status, stderr } = await scope.run('systemd-run', [
    scope.manager,
    '--wait',
    '--quiet',
    '--collect',
    ...settings.flatMap((setting) => ['--property', setting]),
    'true',
  ]);
  if (status === undefined) {
    throw new ServiceFault(
      `systemd-run, which tries what this host can do, did not run or end: ${stderr.trim()}`,
    );
  }
  return { userNamespaces: status === 0, reason: `a sandboxed unit ended with status ${status}` };
}
