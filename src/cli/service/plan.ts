// What is there and what should be to the steps between them. Pure.
import type { DirectDaemon } from './direct-daemon.js';
import type { Scope } from './scope.js';
import { ServiceFault } from './service-fault.js';
import type { Step } from './steps.js';
import { changesUnit, fileState, type UnitFile } from './unit-files.js';
import type { UnitState } from './unit-state.js';

/** A file of ours as it should be, where it is, and what is there now. */
export interface PlannedFile extends UnitFile {
  path: string;
  found: string | undefined;
}

export interface InstallFacts {
  files: readonly PlannedFile[];
  directDaemons: readonly DirectDaemon[];
  /** Folders that the sandbox is built on and that are not there. */
  missingFolders: readonly string[];
  socket: UnitState;
  service: UnitState;
  /** The version of the daemon that runs under systemd, if one does. */
  runningVersion: string | undefined;
  version: string;
}

/** The steps of `install`. Empty of changes where all is as it should be. */
export function planInstall(scope: Scope, facts: InstallFacts): Step[] {
  const { files, directDaemons, missingFolders, socket, service, runningVersion, version } = facts;
  const foreign = files.filter(
    ({ found, text }) => text !== undefined && fileState(found, text) === 'foreign',
  );
  if (foreign.length > 0) {
    throw new ServiceFault(
      `not written by "vmsys service install": ${foreign.map(({ path }) => path).join(', ')}; move it away, then install again`,
    );
  }
  const changes = files.flatMap(fileSteps);
  const changed = (unit: string): boolean =>
    files.some((file) => file.name === fileOf(unit) && changesUnit(file));
  const dropInChanged = files.some((file) => file.name.includes('.service.d/') && changesUnit(file));
  const active = (state: UnitState): boolean => state.active === 'active' || state.active === 'reloading';
  const socketAnew = changed(scope.socketUnit) && active(socket);
  const serviceAnew =
    changed(scope.serviceUnit) ||
    dropInChanged ||
    (runningVersion !== undefined && runningVersion !== version);
  return [
    ...missingFolders.map((path): Step => ({ kind: 'make-folder', path })),
    ...changes,
    ...(changes.length > 0 || socket.needsReload || service.needsReload ? [systemctl('daemon-reload')] : []),
    ...(socket.active === 'failed' || service.active === 'failed'
      ? [systemctl('reset-failed', scope.socketUnit, scope.serviceUnit)]
      : []),
    ...(socket.enabled === 'enabled' ? [] : [systemctl('enable', scope.socketUnit)]),
    // At the last moment: whoever calls between its end and systemd's listening would start another one.
    ...directDaemons.map((daemon): Step => ({ kind: 'stop-daemon', daemon })),
    // The socket takes the service along when it is started anew, and loses those who wait in its queue: for its own
    // sake only.
    ...(socketAnew
      ? [systemctl('restart', scope.socketUnit)]
      : active(socket)
        ? []
        : [systemctl('start', scope.socketUnit)]),
    ...(serviceAnew && !socketAnew && active(service) ? [systemctl('try-restart', scope.serviceUnit)] : []),
  ];
}

function fileSteps({ path, text, found }: PlannedFile): Step[] {
  const state = fileState(found, text);
  const copy: Step[] = state === 'changed' ? [{ kind: 'keep-copy', path, copy: `${path}.old` }] : [];
  if (text !== undefined) return state === 'same' ? [] : [...copy, { kind: 'write', path, text }];
  if (state === 'missing') return [];
  if (state === 'foreign') return [{ kind: 'note', text: `${path} is not ours: it stays` }];
  return state === 'changed' ? copy : [{ kind: 'remove', path }];
}

export interface UninstallFacts {
  files: readonly PlannedFile[];
  /** Timers of jobs that are enabled, other instances of a template, … that go first. */
  enabled: readonly string[];
  socket: UnitState;
  service: UnitState;
}

/** The steps of `uninstall`: what is not ours stays, and so does the state. */
export function planUninstall(scope: Scope, { files, enabled, socket, service }: UninstallFacts): Step[] {
  const known = ({ load }: UnitState): boolean => load !== 'not-found';
  const removals = files.flatMap((file) => fileSteps({ ...file, text: undefined }));
  return [
    ...(enabled.length > 0 ? [systemctl('disable', '--now', ...enabled)] : []),
    ...(known(socket) ? [systemctl('disable', '--now', scope.socketUnit)] : []),
    ...(known(service) && service.active !== 'inactive' ? [systemctl('stop', scope.serviceUnit)] : []),
    ...removals,
    ...(removals.length > 0 ? [systemctl('daemon-reload')] : []),
    ...(socket.active === 'failed' || service.active === 'failed'
      ? [
          {
            kind: 'systemctl',
            words: ['reset-failed', scope.socketUnit, scope.serviceUnit],
            mayFail: true,
          } satisfies Step,
        ]
      : []),
  ];
}

const systemctl = (...words: string[]): Step => ({ kind: 'systemctl', words });

/** The file of a unit: an instance is made from its template. */
const fileOf = (unit: string): string => unit.replace(/@[^.]*/, '@');
