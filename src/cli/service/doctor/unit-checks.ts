// What the doctor thinks of the units: the files, what systemd made of them, and the programs that they name. Pure.
import { installWords, logsWords, systemctlWords } from '../scope.js';
import { fileState } from '../unit-files.js';
import { hitLimit } from '../unit-state.js';
import type { Facts } from './facts.js';
import { ok, told, wrong, type Finding } from './finding.js';

export const checkUnits = (facts: Facts): Finding[] => [
  ...checkConfig(facts),
  ...checkFiles(facts),
  ...checkRead(facts),
  ...checkPrograms(facts),
  checkSocketUnit(facts),
  ...checkServiceUnit(facts),
];

const checkConfig = ({ scope: { configFault } }: Facts): Finding[] =>
  configFault === undefined
    ? []
    : [
        wrong(
          'config file',
          configFault,
          'correct it, or remove it for the defaults; what follows takes the folders for the usual ones',
        ),
      ];

function checkFiles(facts: Facts): Finding[] {
  const { files, scope } = facts;
  const units = files.filter(({ name }) => !name.includes('/'));
  if (units.every(({ found }) => found === undefined)) {
    return [
      wrong('unit files', `the service is not installed in ${scope.unitFolder}`, installWords(facts.scope)),
    ];
  }
  const faults = files.flatMap(({ path, text, found }): Finding[] => {
    const state = fileState(found, text);
    if (text === undefined) {
      return state === 'missing' || state === 'foreign'
        ? []
        : [wrong('unit files', `${path} is no longer needed on this host`, installWords(facts.scope))];
    }
    switch (state) {
      case 'same':
      case 'restamped':
        return [];
      case 'missing':
        return [wrong('unit files', `${path} is missing`, installWords(facts.scope))];
      case 'older':
        return [
          wrong('unit files', `${path} is of another version or installation`, installWords(facts.scope)),
        ];
      case 'changed':
        return [
          wrong(
            'unit files',
            `${path} was changed by hand, so that the next install would replace it`,
            `keep your changes with "${systemctlWords(scope, 'edit', scope.serviceUnit)}"`,
            `${installWords(facts.scope)} (keeps the changed file as ${path}.old)`,
          ),
        ];
      case 'foreign':
        return [
          wrong('unit files', `${path} was not written by vmsys`, `move it away`, installWords(facts.scope)),
        ];
    }
  });
  return faults.length > 0
    ? faults
    : [ok('unit files', `as this version writes them, in ${scope.unitFolder}`)];
}

function checkRead({ scope, manager, socket, service }: Facts): Finding[] {
  const findings: Finding[] = [];
  if (manager.unitPath.length > 0 && !manager.unitPath.includes(scope.unitFolder)) {
    findings.push(
      wrong(
        'systemd',
        `it reads no units from ${scope.unitFolder}: it was started with another XDG_CONFIG_HOME or HOME than this shell`,
        'unset XDG_CONFIG_HOME here, or set it for systemd as well (environment.d(5)) and log in again',
      ),
    );
  }
  for (const [unit, state] of [
    [scope.socketUnit, socket],
    [scope.serviceUnit, service],
  ] as const) {
    if (state.load === 'masked') {
      findings.push(wrong('systemd', `${unit} is masked`, systemctlWords(scope, 'unmask', unit)));
    } else if (state.load === 'loaded' && !state.file.startsWith(`${scope.unitFolder}/`)) {
      findings.push(
        wrong('systemd', `${unit} is read from ${state.file}, which hides ours`, 'remove that file'),
      );
    } else if (state.load !== 'loaded' && state.load !== 'not-found') {
      findings.push(
        wrong('systemd', `${unit} cannot be read (${state.load})`, systemctlWords(scope, 'status', unit)),
      );
    }
  }
  if (socket.needsReload || service.needsReload) {
    findings.push(
      wrong('systemd', 'unit files changed since systemd read them', systemctlWords(scope, 'daemon-reload')),
    );
  }
  return findings.length > 0 ? findings : [ok('systemd', `version ${manager.version} answers`)];
}

function checkPrograms(facts: Facts): Finding[] {
  const { command, installation } = facts;
  const [node, program] = command;
  if (node === undefined || program === undefined) return [];
  const findings: Finding[] = [];
  if (!node.exists) {
    findings.push(wrong('Node', `the service runs ${node.word}, which is gone`, installWords(facts.scope)));
  } else if (node.word !== installation.node) {
    findings.push(
      told(
        'Node',
        `the service runs ${node.word}, this shell ${installation.node}`,
        `${installWords(facts.scope)} takes this shell's`,
      ),
    );
  }
  if (!program.exists) {
    findings.push(
      wrong('program', `the service runs ${program.word}, which is gone`, installWords(facts.scope)),
    );
  } else if (!program.word.startsWith(`${installation.root}/`)) {
    findings.push(
      wrong(
        'program',
        `the service runs ${program.word}, this is the vmsys of ${installation.root}`,
        `${installWords(facts.scope)} takes this one; the vmsys of the other installation keeps that`,
      ),
    );
  }
  return findings.length > 0 ? findings : [ok('programs', `${node.word} ${program.word}`)];
}

function checkSocketUnit({ scope, socket, service }: Facts): Finding {
  const check = 'socket unit';
  if (socket.load === 'not-found') return told(check, 'not known to systemd yet');
  const start = systemctlWords(scope, 'start', scope.socketUnit);
  if (socket.active === 'failed') {
    const reset = systemctlWords(scope, 'reset-failed', scope.socketUnit, scope.serviceUnit);
    const why = hitLimit(socket)
      ? `the service was started too often in a short time (${socket.result}), so systemd took the socket away`
      : `it failed (${socket.result})`;
    return wrong(check, why, reset, start);
  }
  if (socket.active !== 'active') return wrong(check, `it does not listen (${socket.active})`, start);
  if (socket.enabled !== 'enabled' && service.load !== 'masked') {
    return wrong(
      check,
      'it listens now, but not after the next login',
      systemctlWords(scope, 'enable', scope.socketUnit),
    );
  }
  return ok(check, 'enabled and listening');
}

function checkServiceUnit(facts: Facts): Finding[] {
  const { scope, service } = facts;
  if (service.active !== 'failed' && service.sub !== 'auto-restart') return [];
  return [
    wrong(
      'service unit',
      `${failureText(service.exitStatus)} (${service.result})`,
      ...(isSandboxStatus(service.exitStatus) ? [installWords(facts.scope)] : []),
      logsWords(scope),
      systemctlWords(scope, 'reset-failed', scope.socketUnit, scope.serviceUnit),
      systemctlWords(scope, 'start', scope.socketUnit),
    ),
  ];
}

/** systemd.exec(5), "Process exit codes": what went wrong before the program ran. */
const isSandboxStatus = (status: number): boolean => [217, 218, 225, 226, 227, 228].includes(status);

function failureText(status: number): string {
  if (status === 203) return 'its program could not be run';
  if (isSandboxStatus(status)) return `its sandbox could not be made, status ${status}`;
  return status === 0 ? 'it failed' : `it ended with status ${status}`;
}
