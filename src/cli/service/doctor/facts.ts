// The host, its systemd and our files to the facts that the doctor judges. Nothing is changed; the service is started
// only by the question whether it answers.
import { accessSync, constants, existsSync, lstatSync, statSync, type Stats } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from '../../context.js';
import { ask, type Info, type Refusal } from '../ask.js';
import { findDirectDaemons, type DirectDaemon } from '../direct-daemon.js';
import { filesOnDisk } from '../install.js';
import { findInstallation, type Installation } from '../installation.js';
import { journalMatches } from '../journal-matches.js';
import { probeSandbox, type Manager, type Probe } from '../manager.js';
import type { PlannedFile } from '../plan.js';
import { sandboxState, type SandboxState } from '../sandbox-state.js';
import type { Scope } from '../scope.js';
import { hasFallback, readGrants } from '../unit-files.js';
import { readUnitWords } from '../unit-text.js';
import { unitState, type UnitState } from '../unit-state.js';

export interface Place {
  exists: boolean;
  mode: number;
  uid: number;
  gid: number;
  isSocket: boolean;
  writable: boolean;
}

export interface Facts {
  scope: Scope;
  uid: number;
  /** What the shell sets, for it decides where the other commands look. */
  shell: Environment;
  manager: Manager;
  installation: Installation;
  probe: Probe;
  files: readonly PlannedFile[];
  socket: UnitState;
  service: UnitState;
  /** Of the group that shares the service; undefined where there is none, or it is not known. */
  sharedGid: number | undefined;
  socketFile: Place;
  socketFolder: Place;
  /** Node, program and arguments of the installed service; empty where it is not installed. */
  command: readonly { word: string; exists: boolean }[];
  folders: readonly { what: 'state' | 'cache'; path: string; place: Place }[];
  grants: readonly { path: string; exists: boolean }[];
  directDaemons: readonly DirectDaemon[];
  /**
   * What the service said of itself, how long that took, and whether its program was built anew since it started; or
   * why it cannot start.
   */
  answer: { info: Info; tookMs: number; outdated: boolean } | Refusal | undefined;
  sandbox: SandboxState;
  /** Whether the journal shows anything of the service to this user. */
  journal: boolean;
  lingers: boolean;
}

export async function gatherFacts(
  scope: Scope,
  manager: Manager,
  { shell, signal }: { shell: Environment; signal: AbortSignal },
): Promise<Facts> {
  const installation = findInstallation();
  const probe = await probeSandbox(scope);
  const grants = readGrants(scope);
  const files = filesOnDisk(scope, installation, {
    grants,
    // Where nothing is known of the host, what is installed is taken as right.
    userNamespaces: probe.userNamespaces ?? !hasFallback(scope),
  });
  const socket = await unitState(scope, scope.socketUnit);
  const before = await unitState(scope, scope.serviceUnit);
  const mayAnswer = socket.active === 'active' && before.sub !== 'auto-restart';
  const answer = mayAnswer ? await askService(scope, installation, signal) : undefined;
  const service = await unitState(scope, scope.serviceUnit);
  return {
    scope,
    uid: scope.uid,
    shell,
    manager,
    installation,
    probe,
    files,
    socket: await unitState(scope, scope.socketUnit),
    service,
    sharedGid: scope.group === undefined ? undefined : await groupId(scope, scope.group),
    socketFile: lookAt(scope.socketPath),
    socketFolder: lookAt(dirname(scope.socketPath)),
    command: commandOf(files),
    folders: [
      { what: 'state', path: scope.stateDir, place: lookAt(scope.stateDir) },
      { what: 'cache', path: scope.cacheDir, place: lookAt(scope.cacheDir) },
    ],
    grants: grants.write.map((path) => ({ path, exists: existsSync(path) })),
    directDaemons: scope.manager === '--user' ? await findDirectDaemons(scope, signal) : [],
    answer,
    sandbox: sandboxState(scope, service.pid),
    journal: await journalShows(scope),
    lingers: existsSync(join('/var/lib/systemd/linger', userInfo().username)),
  };
}

async function askService(
  { socketPath }: Scope,
  { root }: Installation,
  signal: AbortSignal,
): Promise<Facts['answer']> {
  const start = performance.now();
  const answer = await ask(socketPath, signal);
  if (answer === undefined || 'refusal' in answer) return answer;
  const { info } = answer;
  // It is there: this program lies beside it.
  const built = statSync(join(root, 'dist', 'bundle', 'vmsysd.bundle.js'));
  return {
    info,
    tookMs: performance.now() - start,
    outdated: built.mtimeMs > Date.parse(info.startedAt),
  };
}

function lookAt(path: string): Place {
  let stats: Stats | undefined;
  let writable = false;
  try {
    stats = lstatSync(path);
    if (stats.isSymbolicLink()) stats = statSync(path);
    accessSync(path, constants.W_OK);
    writable = true;
  } catch {
    // not there, or not ours to see: the fields say so
  }
  return {
    exists: stats !== undefined,
    mode: (stats?.mode ?? 0) & 0o7777,
    uid: stats?.uid ?? -1,
    gid: stats?.gid ?? -1,
    isSocket: stats?.isSocket() ?? false,
    writable,
  };
}

/** The command of the service as it is installed, which need not be as it should be. */
function commandOf(files: readonly PlannedFile[]): Facts['command'] {
  const unit = files.find(({ name }) => /^vmsysd@?\.service$/.test(name))?.found ?? '';
  const [, value = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  return readUnitWords(value)
    .slice(0, 2)
    .map((word) => ({ word, exists: existsSync(word) }));
}

async function groupId(scope: Scope, group: string): Promise<number | undefined> {
  const { status, stdout } = await scope.run('getent', ['group', group]);
  return status === 0 ? Number(stdout.split(':')[2]) : undefined;
}

async function journalShows(scope: Scope): Promise<boolean> {
  const { stdout } = await scope.run('journalctl', [
    '--quiet',
    '--no-pager',
    '--lines=1',
    '--output=cat',
    ...journalMatches(scope),
  ]);
  return stdout.trim() !== '';
}
