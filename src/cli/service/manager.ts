// Whether a systemd manager answers, what it reads, and what the host lets its units do.
import type { Scope } from './scope.js';
import { ServiceFault } from './service-fault.js';
import { unitState } from './unit-state.js';

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
  /** Undefined where it could not be found out. */
  userNamespaces: boolean | undefined;
  /** What the host said against it, or why it could not be asked. */
  reason: string;
}

/** systemd.exec(5): no user namespace, no capabilities in it, no mount namespace. */
const noSandbox = [217, 218, 226];

/**
 * Has the manager run `true` in a sandbox as the service's. Anything but the three statuses of a host without user
 * namespaces says nothing about the host, and must not cost the service its sandbox. Without `--wait` systemd-run asks
 * the manager directly, so that a shell without a session bus, or with the address of an old one, is told the same.
 */
export async function probeSandbox(scope: Scope): Promise<Probe> {
  if (scope.manager === '--system') return { userNamespaces: true, reason: '' };
  const unit = `vmsysd-probe-${process.pid}.service`;
  const settings = [
    'Type=oneshot',
    'PrivateUsers=yes',
    'ProtectSystem=strict',
    'PrivateNetwork=yes',
    'PrivateTmp=yes',
  ];
  const { status, stderr } = await scope.run('systemd-run', [
    scope.manager,
    '--quiet',
    `--unit=${unit}`,
    ...settings.flatMap((setting) => ['--property', setting]),
    'true',
  ]);
  if (status === 0) return { userNamespaces: true, reason: '' };
  const { exitStatus } = await unitState(scope, unit);
  await scope.run('systemctl', [scope.manager, 'reset-failed', unit]);
  return noSandbox.includes(exitStatus)
    ? { userNamespaces: false, reason: `a sandboxed unit ended with status ${exitStatus}` }
    : { userNamespaces: undefined, reason: stderr.trim() || `systemd-run ended with status ${status}` };
}

/** As probeSandbox, for what must know; throws ServiceFault where it cannot be found out. */
export async function requireProbe(scope: Scope): Promise<Probe & { userNamespaces: boolean }> {
  const { userNamespaces, reason } = await probeSandbox(scope);
  if (userNamespaces !== undefined) return { userNamespaces, reason };
  throw new ServiceFault(
    `whether this host can sandbox the service could not be tried (${reason}), so nothing was changed; see that "systemd-run --user true" works, then install again`,
  );
}
