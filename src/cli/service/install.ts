// `vmsys service install`: the units of this installation into the unit folder, as the host allows, and the socket
// listening. Doing it again changes only what is not as it should be.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { command } from '../command.js';
import { note, print, printJson, type Context } from '../context.js';
import { exitStatus } from '../fault.js';
import { ask, infoAt, type Info } from './ask.js';
import { findDirectDaemons } from './direct-daemon.js';
import { guardedFolders, requireGrantable } from './grantable.js';
import { findInstallation, type Installation } from './installation.js';
import { requireManager, requireProbe, type Manager } from './manager.js';
import { planInstall, type InstallFacts, type PlannedFile } from './plan.js';
import { carryOut, stepsAsJson } from './report.js';
import { findScope, logsWords, scopeFlags, scopeParams, systemctlWords, type Scope } from './scope.js';
import { ServiceFault } from './service-fault.js';
import { requireRoot, requireShareable } from './shareable.js';
import { readGrants, readUnit, unitFiles, type Grants } from './unit-files.js';
import { unitState } from './unit-state.js';

const Params = z.strictObject({
  ...scopeParams,
  write: z
    .array(z.string().min(1).meta({ cli: 'path' }))
    .optional()
    .describe('let sessions write to these folders, beside those granted before (--no-write: to none)'),
  net: z.boolean().optional().describe('let the daemon reach the network (--no-net: no more)'),
  dryRun: z.boolean().optional().describe('print what would be done'),
});

export const installCommand = command({
  words: 'service install',
  summary: 'Have systemd start the daemon in a sandbox, at the first connection.',
  params: Params,
  negatable: ['write'],
  async run(context, params, withheld) {
    const scope = findScope(context, params);
    // Which folders the units are to name stands in there.
    if (scope.configFault !== undefined) throw new ServiceFault(scope.configFault);
    const { dryRun = false } = params;
    requireRoot(scope, dryRun);
    if (scope.manager === '--system') await requireShareable(scope);
    const manager = await requireManager(scope);
    requireRead(scope, manager);
    const grants = wantedGrants(scope, manager, params, withheld.has('write'));
    const probe = await requireProbe(scope);
    const installation = findInstallation();
    const files = filesOnDisk(scope, installation, { grants, userNamespaces: probe.userNamespaces });
    const steps = planInstall(scope, {
      files,
      ...(await ownFacts(scope, context.signal)),
      socket: await unitState(scope, scope.socketUnit),
      service: await unitState(scope, scope.serviceUnit),
      runningVersion: await runningVersion(scope, context.signal),
      version: installation.version,
    });
    await carryOut(steps, { context, scope, dryRun });
    const warnings = probe.userNamespaces ? [] : fallbackWarning(probe.reason);
    const info = dryRun ? undefined : await firstAnswer(scope, context.signal);
    if (context.json)
      printJson(context, { dryRun, steps: stepsAsJson(steps, scope), grants, warnings, info });
    else tellOutcome(context, scope, { steps: steps.length, warnings, info });
    return exitStatus.ok;
  },
});

/** What only matters to the user's own service: systemd makes the folders of a shared one, and no user holds them. */
async function ownFacts(
  scope: Scope,
  signal: AbortSignal,
): Promise<Pick<InstallFacts, 'directDaemons' | 'missingFolders'>> {
  if (scope.manager === '--system') return { directDaemons: [], missingFolders: [] };
  return {
    directDaemons: await findDirectDaemons(scope, signal),
    missingFolders: [scope.stateDir, scope.cacheDir].filter((folder) => !existsSync(folder)),
  };
}

/** systemd must read the folder that we write to. */
function requireRead({ unitFolder }: Scope, { unitPath }: Manager): void {
  if (unitPath.length === 0 || unitPath.includes(unitFolder)) return;
  throw new ServiceFault(
    `systemd reads no units from ${unitFolder}: its manager was started with another XDG_CONFIG_HOME or HOME than this shell; unset them here, or set them for the manager as environment.d(5) says and log in again`,
  );
}

/** What was granted before stays, unless it is taken away. */
function wantedGrants(
  scope: Scope,
  { unitPath }: Manager,
  { write = [], net }: { write?: string[] | undefined; net?: boolean | undefined },
  noWrite: boolean,
): Grants {
  const before = readGrants(scope);
  const granted = write.map((folder) => requireGrantable(folder, guardedFolders(scope, unitPath)));
  return {
    write: [...new Set([...(noWrite ? [] : before.write), ...granted])].toSorted(),
    net: net ?? before.net,
  };
}

/** All files that the scope may have, as they should be and as they are. */
export const filesOnDisk = (
  scope: Scope,
  installation: Installation,
  options: Parameters<typeof unitFiles>[2],
): PlannedFile[] =>
  unitFiles(scope, installation, options).map((file) => {
    const path = join(scope.unitFolder, file.name);
    return { ...file, path, found: readUnit(path) };
  });

/** Asked only where the service runs: a question at the socket would start it. */
async function runningVersion(scope: Scope, signal: AbortSignal): Promise<string | undefined> {
  if ((await unitState(scope, scope.serviceUnit)).active !== 'active') return undefined;
  const info = await infoAt(scope.socketPath, signal);
  return info?.activation === 'systemd' ? info.version : undefined;
}

const fallbackWarning = (reason: string): string[] => [
  `This host lets users make no user namespaces (${reason}), so the service runs in a smaller sandbox:`,
  'the daemon has no network and no new privileges, but can write where you can, and reach your session bus.',
  'Sessions are confined all the same. docs/systemd.md says how a host allows it; install again after that.',
];

/** The proof that it works; throws ServiceFault where the service does not answer, or not as it should. */
async function firstAnswer(scope: Scope, signal: AbortSignal): Promise<Info> {
  const answer = await ask(scope.socketPath, signal);
  if (answer !== undefined && 'info' in answer) return answer.info;
  if (answer !== undefined) {
    throw new ServiceFault(
      `installed, but the service cannot start: ${answer.refusal}\nOnce that is put right: ${systemctlWords(scope, 'restart', scope.serviceUnit)}`,
    );
  }
  throw new ServiceFault(
    `installed, but the service does not answer at ${scope.socketPath}; "vmsys service doctor${scopeFlags(scope)}" looks for the reason, "${logsWords(scope)}" shows what it said`,
  );
}

function tellOutcome(
  context: Context,
  scope: Scope,
  { steps, warnings, info }: { steps: number; warnings: readonly string[]; info: Info | undefined },
): void {
  note(
    context,
    warnings.map((line) => context.paintError('yellow', line)),
  );
  if (steps === 0) print(context, ['Everything is as it should be.']);
  if (info === undefined) return;
  const { paint } = context;
  print(context, [
    `${paint('green', '✓')} the service answers: vmsysd ${info.version}, pid ${info.pid}, ${info.socketPath}`,
    ...(scope.group === undefined
      ? []
      : [`Members of ${scope.group} use it with: export VMSYS_SOCKET=${scope.socketPath}`]),
    `Change it with "${systemctlWords(scope, 'edit', scope.serviceUnit)}"; look after it with "vmsys service status${scopeFlags(scope)}" and "vmsys service doctor${scopeFlags(scope)}".`,
  ]);
}
