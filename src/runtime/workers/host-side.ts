// What a session's worker has of the host, for the modules that its template grants: loaded when the first session
// needs it, and wired to the run in progress.
import { readFileSync } from 'node:fs';
import type { HostCall } from '../../records/index.js';
import type { HostModule } from '../capabilities/host-module.js';
import { OutsideCaller } from '../capabilities/outside/caller.js';
import type { Sandbox } from '../engine/sandbox.js';
import type { HostSide } from '../modules/granted-modules.js';
import { reachesHost } from '../modules/granted-modules.js';
import type { ModuleSettings } from '../modules/module-settings.js';
import type { OutsideSetup } from '../capabilities/outside/desk.js';

const folder = new URL('../capabilities/', import.meta.url);

let modules: Promise<Readonly<Record<string, HostModule>>> | undefined;
const guestSides = new Map<string, string>();

export interface WorkerSide {
  outside: OutsideSetup;
  isCancelled: () => boolean;
  /** The session's engine, once it is open. */
  sandbox: () => Sandbox | undefined;
  /** The variables of the run in progress. */
  environment: () => Readonly<Record<string, string>>;
  /** Told of what fails and is not the script's doing. */
  onFault: (error: unknown) => void;
}

/** The host for a session of these settings; nothing where they grant no module. */
export async function openHostSide(
  settings: ModuleSettings,
  { outside, isCancelled, sandbox, environment, onFault }: WorkerSide,
): Promise<HostSide> {
  const leftMs = (): number => sandbox()?.runLeftMs ?? 0;
  const caller = new OutsideCaller({ ...outside, leftMs, isCancelled });
  return {
    modules: reachesHost(settings) ? await loadModules() : {},
    guestCode,
    onCall: (call: HostCall) => sandbox()?.note(call),
    onFault,
    context: {
      environment,
      closed: settings.closed,
      // Whoever walks a large tree looks at the time; one that was cancelled has none left.
      leftMs: () => (isCancelled() ? 0 : leftMs()),
      run: () => sandbox()?.runCount ?? 0,
      outside: (service, request) => caller.call(service, request),
    },
  };
}

/** Made when the first session needs them, so that a worker without such sessions starts sooner. */
async function loadModules(): Promise<Readonly<Record<string, HostModule>>> {
  modules ??= import('../capabilities/host-side.js').then((loaded) => loaded.hostModules);
  return modules;
}

function guestCode(name: string): string {
  const known = guestSides.get(name);
  if (known !== undefined) return known;
  const code = readFileSync(new URL(`guest/${name}.js`, folder), 'utf8');
  guestSides.set(name, code);
  return code;
}
