// `vmsys service status`: socket, service, daemon and sandbox on one screen. It never starts the daemon.
import { homedir } from 'node:os';
import * as z from 'zod';
import { command } from '../command.js';
import { print, printJson } from '../context.js';
import { exitStatus } from '../fault.js';
import { formatRecord } from '../output/record.js';
import { ask } from './ask.js';
import { findInstallation } from './installation.js';
import { findManager } from './manager.js';
import { sandboxState, sandboxText } from './sandbox-state.js';
import { findScope, installWords, scopeParams, systemctlWords, type Scope } from './scope.js';
import { readGrants } from './unit-files.js';
import { hitLimit, unitState, type UnitState } from './unit-state.js';

export const statusCommand = command({
  words: 'service status',
  summary: 'How the socket, the service and the sandbox are.',
  params: z.strictObject(scopeParams),
  async run(context, params) {
    const scope = findScope(context, params);
    const manager = await findManager(scope);
    const units = typeof manager === 'string' ? undefined : await unitStates(scope);
    const installed = units !== undefined && units.socket.load === 'loaded';
    // Where systemd listens and nobody runs, a question would start it.
    const mayAsk = !installed || units.service.active === 'active';
    const asked = mayAsk ? await ask(scope.socketPath, context.signal) : undefined;
    const answer = asked !== undefined && 'info' in asked ? asked : undefined;
    const sandbox = installed ? sandboxState(scope, units.service.pid) : undefined;
    const grants = readGrants(scope);
    if (context.json) {
      printJson(context, {
        installed,
        ...(typeof manager === 'string' ? { problem: manager } : {}),
        ...units,
        ...asked,
        cliVersion: findInstallation().version,
        sandbox,
        grants,
        socketPath: scope.socketPath,
        stateDir: scope.stateDir,
        cacheDir: scope.cacheDir,
      });
      return exitStatus.ok;
    }
    const record = {
      socket:
        typeof manager === 'string'
          ? manager
          : installed
            ? socketText(scope, units.socket)
            : `not installed: run "${installWords(scope)}"`,
      ...(installed ? { service: serviceText(units.service) } : {}),
      ...(asked !== undefined && 'refusal' in asked ? { daemon: `does not serve: ${asked.refusal}` } : {}),
      ...(answer === undefined
        ? {}
        : {
            daemon: `vmsysd ${answer.info.version}, pid ${answer.info.pid}, started by ${answer.info.activation === 'systemd' ? 'systemd' : 'hand or by vmsys'}`,
            leaves: leavesText(answer.info.idleExitMs),
            sessions: `${answer.summary.sessions.ready} ready, of these ${answer.summary.sessions.live} in memory; ${answer.summary.executions.running} running`,
          }),
      ...(sandbox === undefined ? {} : { sandbox: sandboxText[sandbox] }),
      ...(grants.write.length > 0 ? { 'may write': grants.write.map(short).join(', ') } : {}),
      ...(grants.net ? { network: 'allowed' } : {}),
      state: short(scope.stateDir),
      cache: short(scope.cacheDir),
    };
    print(context, formatRecord(record, context.paint));
    return exitStatus.ok;
  },
});

const unitStates = async (scope: Scope): Promise<{ socket: UnitState; service: UnitState }> => ({
  socket: await unitState(scope, scope.socketUnit),
  service: await unitState(scope, scope.serviceUnit),
});

function socketText(scope: Scope, socket: UnitState): string {
  const enabled = socket.enabled === 'enabled' ? '' : ` (${socket.enabled || 'not enabled'})`;
  if (socket.active === 'active') return `listening on ${scope.socketPath}${enabled}`;
  const cure = hitLimit(socket)
    ? 'see "vmsys service doctor"'
    : `run "${systemctlWords(scope, 'start', scope.socketUnit)}"`;
  return `${socket.active} (${socket.result})${enabled}: ${cure}`;
}

function serviceText({ active, sub, result, pid, since, restarts }: UnitState): string {
  const again = restarts > 0 ? `, started again ${restarts} times` : '';
  switch (active) {
    case 'active':
      return `running, pid ${pid ?? '?'}, since ${since ?? '?'}${again}`;
    case 'inactive':
      return 'asleep: the next call starts it';
    case 'failed':
      return `failed (${result}): see "vmsys service doctor"`;
    default:
      return `${active} (${sub})${again}`;
  }
}

/** An older daemon does not tell the figure. */
const leavesText = (idleExitMs: number | undefined): string => {
  if (idleExitMs === undefined) return 'it does not say when';
  if (idleExitMs === 0) return 'never';
  const seconds = idleExitMs / 1000;
  return `when idle for ${seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`}`;
};

/** The home as `~`, as people write it. */
const short = (path: string): string =>
  path.startsWith(`${homedir()}/`) ? `~${path.slice(homedir().length)}` : path;
