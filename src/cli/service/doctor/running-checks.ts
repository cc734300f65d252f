// What the doctor thinks of the running service and what is around it: socket, folders, daemon, sandbox, log. Pure.
import { dirname } from 'node:path';
import { defaultSocketPath } from '../../../rpc/socket-path.js';
import { sandboxText } from '../sandbox-state.js';
import { installWords, logsWords, systemctlWords } from '../scope.js';
import type { Facts, Place } from './facts.js';
import { ok, told, wrong, type Finding } from './finding.js';

export const checkRunning = (facts: Facts): Finding[] => [
  ...checkSocketFile(facts),
  ...checkFolders(facts),
  ...checkDirectDaemons(facts),
  ...checkAnswer(facts),
  ...checkSandbox(facts),
  ...checkJournal(facts),
  ...checkShell(facts),
  ...checkLinger(facts),
];

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

function checkSocketFile({ scope, uid, socket, socketFile, socketFolder, sharedGid }: Facts): Finding[] {
  if (socket.active !== 'active') return [];
  const check = 'socket file';
  const path = scope.socketPath;
  const again = systemctlWords(scope, 'restart', scope.socketUnit);
  if (!socketFile.exists) return [wrong(check, `${path} was removed, though systemd listens on it`, again)];
  if (!socketFile.isSocket) return [wrong(check, `${path} is no socket`, `rm ${path}`, again)];
  const isUser = scope.manager === '--user';
  const [mode, folderMode, owner] = isUser ? [0o600, 0o700, uid] : [0o660, 0o755, 0];
  const folder = dirname(path);
  const sudo = isUser ? '' : 'sudo ';
  if (sharedGid !== undefined && socketFile.gid !== sharedGid) {
    const says = `${path} belongs to group ${socketFile.gid}, expected ${sharedGid} (${scope.group}): who may connect depends on it`;
    return [wrong(check, says, again)];
  }
  // systemd makes the file anew, but takes a folder that is there as it is.
  const faults = [
    ...placeFaults(path, socketFile, mode, owner).map(({ says }) => wrong(check, says, again)),
    ...placeFaults(folder, socketFolder, folderMode, owner).map(({ says, isForeign }) =>
      isForeign
        ? wrong(check, says, `sudo rm -r ${folder}`, again)
        : wrong(check, says, `${sudo}chmod ${folderMode.toString(8)} ${folder}`),
    ),
  ];
  return faults.length > 0 ? faults : [ok(check, `${path}, mode ${octal(mode)}`)];
}

function placeFaults(
  path: string,
  { mode, uid }: Place,
  wanted: number,
  owner: number,
): { says: string; isForeign: boolean }[] {
  if (uid !== owner) return [{ says: `${path} belongs to user ${uid}, expected ${owner}`, isForeign: true }];
  if (mode === wanted) return [];
  return [{ says: `${path} has mode ${octal(mode)}, expected ${octal(wanted)}`, isForeign: false }];
}

function checkFolders({ scope, uid, socket, folders, grants }: Facts): Finding[] {
  // Those of a shared service are its own; where nothing is installed, none need be there.
  const isOurs = scope.manager === '--user' && socket.load === 'loaded';
  const findings = (isOurs ? folders : []).flatMap(({ what, path, place }): Finding[] => {
    const check = `${what} folder`;
    if (!place.exists) {
      return [
        wrong(
          check,
          `${path} does not exist; it is made when the socket starts`,
          systemctlWords(scope, 'restart', scope.socketUnit),
        ),
      ];
    }
    if (place.uid !== uid)
      return [
        wrong(check, `${path} belongs to user ${place.uid}, expected ${uid}`, `sudo chown -R ${uid} ${path}`),
      ];
    if (!place.writable || (place.mode & 0o700) !== 0o700) {
      return [wrong(check, `${path} cannot be written to (mode ${octal(place.mode)})`, `chmod 700 ${path}`)];
    }
    if ((place.mode & 0o022) !== 0) {
      return [wrong(check, `others may write to ${path} (mode ${octal(place.mode)})`, `chmod 700 ${path}`)];
    }
    return [ok(check, path)];
  });
  for (const { path, exists } of grants) {
    if (exists) continue;
    findings.push(
      wrong(
        'granted folder',
        `${path} does not exist, so the service cannot write there`,
        `mkdir -p ${path}`,
        systemctlWords(scope, 'try-restart', scope.serviceUnit),
      ),
    );
  }
  return findings;
}

const checkDirectDaemons = (facts: Facts): Finding[] =>
  facts.directDaemons.map(({ pid, socketPath }) =>
    wrong(
      'other daemon',
      `a daemon that systemd did not start (pid ${pid}, ${socketPath}) holds the state folder or the socket`,
      `vmsys system shutdown --no-start --socket ${socketPath}`,
      installWords(facts.scope),
    ),
  );

function checkAnswer(facts: Facts): Finding[] {
  const { scope, socket, socketFile, answer, installation, folders } = facts;
  const check = 'daemon';
  if (socket.active !== 'active') return [];
  if (answer === undefined && scope.group !== undefined && socketFile.exists && !socketFile.writable) {
    const says = `you may not connect to ${scope.socketPath}: you are no member of ${scope.group}, or were none when you logged in`;
    return [wrong(check, says, `sudo usermod -aG ${scope.group} $USER (and log in again)`)];
  }
  if (answer === undefined) {
    return [
      wrong(
        check,
        `no answer at ${scope.socketPath}`,
        logsWords(scope),
        systemctlWords(scope, 'status', scope.serviceUnit),
      ),
    ];
  }
  const restart = systemctlWords(scope, 'restart', scope.serviceUnit);
  if ('refusal' in answer) {
    return [wrong(check, `it cannot start: ${answer.refusal}`, 'put right what it names, then', restart)];
  }
  const { info, tookMs, outdated } = answer;
  const findings: Finding[] = [];
  if (info.version !== installation.version) {
    findings.push(
      wrong(
        check,
        `it is version ${info.version}, this vmsys ${installation.version}`,
        installWords(facts.scope),
        restart,
      ),
    );
  } else if (outdated) {
    findings.push(told(check, 'its program was built anew since it started', restart));
  }
  if (info.activation !== 'systemd') {
    findings.push(
      wrong(
        check,
        `the one that answers (pid ${info.pid}) was not started by systemd`,
        'vmsys system shutdown --no-start',
        installWords(facts.scope),
      ),
    );
  }
  const state = folders.find(({ what }) => what === 'state')?.path ?? '';
  if (scope.manager === '--user' && dirname(info.databasePath) !== state) {
    findings.push(
      wrong(
        check,
        `its state is in ${dirname(info.databasePath)}, by this shell's settings it should be in ${state}`,
        installWords(facts.scope),
      ),
    );
  }
  return findings.length > 0
    ? findings
    : [ok(check, `version ${info.version}, pid ${info.pid}, answered in ${Math.round(tookMs)} ms`)];
}

function checkSandbox(facts: Facts): Finding[] {
  const { probe, sandbox, scope } = facts;
  if (sandbox === 'off') {
    return [
      wrong(
        'sandbox',
        'systemd left it out, and said so only in its log',
        installWords(facts.scope),
        systemctlWords(scope, 'restart', scope.serviceUnit),
      ),
    ];
  }
  if (probe.userNamespaces === undefined) {
    return [
      told(
        'sandbox',
        `unknown: what this host allows could not be tried (${probe.reason})`,
        'systemd-run --user true',
      ),
    ];
  }
  if (sandbox === 'reduced' || !probe.userNamespaces) {
    return [
      told(
        'sandbox',
        `reduced: this host lets users make no user namespaces (${probe.reason || 'or did not, when it was installed'})`,
        'docs/systemd.md says what is lost, and how a host allows them',
      ),
    ];
  }
  return sandbox === 'on' ? [ok('sandbox', sandboxText.on)] : [];
}

function checkJournal({ service, journal, scope }: Facts): Finding[] {
  if (journal) return [ok('journal', 'readable')];
  if (service.since === undefined) return [];
  const cure =
    scope.manager === '--user'
      ? 'sudo mkdir -p /var/log/journal && sudo systemctl restart systemd-journald (it then keeps a journal of each user)'
      : 'run as root, or as a member of the group systemd-journal';
  return [wrong('journal', 'the service has run, but you can read none of its log', cure)];
}

/** Where `vmsys` would look from this shell, when it is not told otherwise. */
function checkShell({ shell, scope, uid }: Facts): Finding[] {
  const path = defaultSocketPath(shell, uid);
  if (path === scope.socketPath) return [];
  if (scope.manager === '--system') {
    return [told('shell', `vmsys would use ${path} here`, `export VMSYS_SOCKET=${scope.socketPath}`)];
  }
  return shell['VMSYS_SOCKET']
    ? [told('shell', `VMSYS_SOCKET is set: vmsys uses ${path} here, not the service`, 'unset VMSYS_SOCKET')]
    : [
        wrong(
          'shell',
          `XDG_RUNTIME_DIR is not set: vmsys would use ${path} here, not the service`,
          `export XDG_RUNTIME_DIR=/run/user/${uid}`,
        ),
      ];
}

const checkLinger = ({ scope, lingers }: Facts): Finding[] =>
  scope.manager === '--system' || lingers
    ? []
    : [
        told(
          'lingering',
          'off: the service, and jobs on a schedule, run only while you are logged in',
          'loginctl enable-linger',
        ),
      ];
