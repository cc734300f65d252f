// `vmsys service uninstall`: takes away what `install` brought, and nothing else.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { command } from '../command.js';
import { print, printJson } from '../context.js';
import { exitStatus } from '../fault.js';
import { filesOnDisk } from './install.js';
import { findInstallation } from './installation.js';
import { requireManager } from './manager.js';
import { planUninstall } from './plan.js';
import { carryOut, stepsAsJson } from './report.js';
import { findScope, scopeParams, type Scope } from './scope.js';
import { requireRoot } from './shareable.js';
import { unitState } from './unit-state.js';

export const uninstallCommand = command({
  words: 'service uninstall',
  summary: 'Take the units away again; sessions and libraries stay where they are.',
  params: z.strictObject({
    ...scopeParams,
    dryRun: z.boolean().optional().describe('print what would be done'),
  }),
  async run(context, params) {
    const scope = findScope(context, params);
    const { dryRun = false } = params;
    requireRoot(scope, dryRun);
    await requireManager(scope);
    // Which of the optional files there should be does not matter: all that are there go.
    const all = filesOnDisk(scope, findInstallation(), {
      grants: { write: ['/'], net: true },
      userNamespaces: false,
    });
    const others = otherInstances(scope);
    const steps = planUninstall(scope, {
      files: others.length > 0 ? all.filter(({ name }) => !name.startsWith('vmsysd@.')) : all,
      enabled:
        scope.manager === '--user' ? enabledIn(scope, 'timers.target.wants', /^vmsys-job@.+\.timer$/) : [],
      socket: await unitState(scope, scope.socketUnit),
      service: await unitState(scope, scope.serviceUnit),
    });
    await carryOut(steps, { context, scope, dryRun });
    const kept = [scope.stateDir, scope.cacheDir];
    if (context.json) printJson(context, { dryRun, steps: stepsAsJson(steps, scope), kept });
    else {
      print(context, [
        ...(steps.length === 0 ? ['Nothing of it is installed.'] : []),
        ...(others.length > 0 ? [`The units stay for ${others.join(', ')}.`] : []),
        `Sessions and libraries stay in ${kept.join(' and ')}.`,
      ]);
    }
    return exitStatus.ok;
  },
});

/** Sockets of other groups, which are made from the same files. */
const otherInstances = (scope: Scope): string[] =>
  scope.manager === '--user'
    ? []
    : enabledIn(scope, 'sockets.target.wants', /^vmsysd@.+\.socket$/).filter(
        (name) => name !== scope.socketUnit,
      );

function enabledIn({ unitFolder }: Scope, target: string, names: RegExp): string[] {
  try {
    return readdirSync(join(unitFolder, target)).filter((name) => names.test(name));
  } catch {
    return []; // nothing is enabled there
  }
}
