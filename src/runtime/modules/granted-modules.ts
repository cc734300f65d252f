// Host modules as one session has them: which specifiers are granted, their guest side, and the opened host side.
import { grantCommand, removalCommand } from '../../records/grant-command.js';
import type { Capability, CapabilityInput, HostCall } from '../../records/index.js';
import { catalogue } from '../capabilities/catalogue.js';
import type {
  CatalogueEntry,
  HostContext,
  HostModule,
  OpenHostModule,
  RunEnd,
} from '../capabilities/host-module.js';
import { denialOf, grantOf, isOf } from '../capabilities/module-grants.js';
import type { ModuleSource } from '../engine/module-host.js';
import { moduleError } from './module-error.js';
import type { ModuleSettings } from './module-settings.js';

/** Comes before the name of a guest side in its id; no file of a worktree has such an id. */
const idPrefix = 'node:';

/** What guest sides share with each other; it reaches nothing, so nobody has to grant it. */
const sharedBuffer = 'vmsys:buffer';

/** What the worker has of the host beside a session's settings. */
export interface HostSide {
  /** Those that reach the host, by name. */
  modules: Readonly<Record<string, HostModule>>;
  /** The JavaScript that scripts see, by the name of the guest side. */
  guestCode(name: string): string;
  context: Omit<HostContext, 'config' | 'worktree' | 'capabilities' | 'template'>;
  /** Told of every call, and of every module that was asked for and is not granted. */
  onCall?: (call: HostCall) => void;
  /** Told of what fails in them and is not the script's doing. */
  onFault?: (error: unknown) => void;
}

export class GrantedModules {
  readonly #settings: ModuleSettings;
  readonly #host: HostSide | undefined;
  readonly #open = new Map<string, OpenHostModule>();

  constructor(settings: ModuleSettings, host: HostSide | undefined) {
    this.#settings = settings;
    this.#host = host;
  }

  /** The id of the host module that scripts call so; `undefined` for none. Throws MODULE_NOT_ALLOWED. */
  find(specifier: string): string | undefined {
    if (specifier === sharedBuffer) return specifier;
    const wanted = specifier.replace(/^vmsys:/, '');
    const entry = catalogue.find(
      ({ specifiers }) => Object.hasOwn(specifiers, wanted) || Object.hasOwn(specifiers, specifier),
    );
    if (entry === undefined) return undefined;
    if (this.#grant(entry.name) !== undefined)
      return entry.name === 'buffer' ? sharedBuffer : `${idPrefix}${entry.specifiers[wanted] ?? entry.name}`;
    this.#host?.onCall?.({ module: entry.name, call: 'import', target: specifier, allowed: false, ms: 0 });
    const denial = denialOf(this.#settings.capabilities, entry.name);
    if (denial !== undefined) {
      const cure = removalCommand(this.#settings.template, denial);
      const message = `module "${entry.name}" is denied to this session, also where it is granted; to deny it to new ones no longer: ${cure}`;
      throw moduleError('MODULE_NOT_ALLOWED', message);
    }
    const cure = grantCommand(this.#settings.template, missingOf(entry));
    const message = `module "${entry.name}" is not granted to this session; to grant it to new ones: ${cure}`;
    throw moduleError('MODULE_NOT_ALLOWED', message);
  }

  source(id: string): ModuleSource | undefined {
    const side = id === sharedBuffer ? 'buffer' : this.#grantedSide(id);
    const code = side === undefined ? undefined : this.#host?.guestCode(side);
    return code === undefined ? undefined : { format: 'host', code, filename: id };
  }

  /** The name of the module that an id is of, where it is granted and reaches the host. */
  nameOf(id: string): string | undefined {
    const entry = this.#granted(id);
    const reaches = entry !== undefined && Object.hasOwn(this.#host?.modules ?? {}, entry.name);
    return reaches ? entry.name : undefined;
  }

  /** The host side of a granted module, opened at its first use. */
  open(name: string): OpenHostModule | undefined {
    const present = this.#open.get(name);
    const grant = this.#grant(name);
    const module = this.#host?.modules[name];
    if (present !== undefined || grant === undefined || module === undefined || this.#host === undefined)
      return present;
    const { worktree, capabilities, template } = this.#settings;
    const opened = module.open({
      ...this.#host.context,
      config: grant.config,
      worktree,
      capabilities,
      template,
    });
    this.#open.set(name, opened);
    return opened;
  }

  /** Tells them that a run ended. */
  runEnded(end: RunEnd): void {
    for (const module of this.#open.values()) module.runEnded?.(end);
  }

  /** Lets go of what they hold of the host. */
  close(): void {
    for (const module of this.#open.values()) module.close?.();
    this.#open.clear();
  }

  #grantedSide(id: string): string | undefined {
    return this.#granted(id) === undefined ? undefined : id.slice(idPrefix.length);
  }

  #granted(id: string): CatalogueEntry | undefined {
    if (!id.startsWith(idPrefix)) return undefined;
    const side = id.slice(idPrefix.length);
    const entry = catalogue.find(({ specifiers }) => Object.values(specifiers).includes(side));
    return entry !== undefined && this.#grant(entry.name) !== undefined ? entry : undefined;
  }

  #grant(name: string): Capability | undefined {
    return grantOf(this.#settings.capabilities, name);
  }
}

/** What would grant it. The words in capitals are for the user to fill in. */
function missingOf({ name, grantedBy }: CatalogueEntry): CapabilityInput {
  if (grantedBy !== undefined) return { kind: grantedBy, name: 'ORIGIN' };
  return { kind: 'module', name, ...(name === 'exec' ? { config: { allow: ['PROGRAM'] } } : {}) };
}

/** Whether sessions of these settings need the host sides loaded. */
export const reachesHost = ({ capabilities }: ModuleSettings): boolean =>
  capabilities.some(({ kind, enabled }) => enabled && ['module', 'global', 'net'].includes(kind));

/** Expressions for the variables that capabilities of kind `global` and `net` make, by the variables' names. */
export function globalsOf(capabilities: readonly Capability[]): Record<string, string> {
  const made = catalogue.filter((entry) => {
    const { grantedBy = 'global' } = entry;
    const isVariable = capabilities.some(
      (capability) => capability.kind === grantedBy && capability.enabled && isOf(capability, entry),
    );
    return isVariable && grantOf(capabilities, entry.name) !== undefined;
  });
  return Object.fromEntries(
    made.flatMap(({ global, moreGlobals = [], specifiers }) => {
      const module = `require(${JSON.stringify(Object.keys(specifiers)[0])})`;
      const property = global.export === undefined ? '' : `.${global.export}`;
      const more = moreGlobals.map((name) => [name, `${module}.${name}`]);
      return [[global.name, module + property], ...more];
    }),
  );
}
