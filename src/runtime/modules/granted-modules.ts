// Host modules as one session has them: which specifiers are granted, their guest side, and the opened host side.
import type { Capability } from '../../records/index.js';
import { hostModules } from '../capabilities/host-modules.js';
import type { HostContext, HostModule, OpenHostModule } from '../capabilities/host-module.js';
import type { ModuleSource } from '../engine/module-host.js';
import { moduleError } from './module-error.js';
import type { ModuleSettings } from './module-settings.js';

/** Comes before the name of a host module in its id; no file of a worktree has such an id. */
const idPrefix = 'node:';

/** What the worker knows of the host beside a session's settings. */
export interface HostSide {
  /** Those that could be granted. */
  modules: readonly HostModule[];
  /** The JavaScript that scripts see of the module. */
  guestCode(module: string): string;
  context: Omit<HostContext<unknown>, 'config' | 'worktree' | 'capabilities' | 'template'>;
}

/** A worker that serves none. */
export const noHostSide: Pick<HostSide, 'modules'> = { modules: hostModules };

export class GrantedModules {
  readonly #settings: ModuleSettings;
  readonly #host: Pick<HostSide, 'modules'> & Partial<HostSide>;
  readonly #open = new Map<string, OpenHostModule>();

  constructor(settings: ModuleSettings, host: Pick<HostSide, 'modules'> & Partial<HostSide>) {
    this.#settings = settings;
    this.#host = host;
  }

  /** The id of the host module that scripts call so; `undefined` for none. Throws MODULE_NOT_ALLOWED. */
  find(specifier: string): string | undefined {
    const module = this.#host.modules.find(({ specifiers }) => specifiers.includes(specifier));
    if (module === undefined) return undefined;
    if (this.#grant(module) !== undefined) return idPrefix + module.name;
    const cure = `vmsys template add-capability ${this.#settings.template} module ${module.name}`;
    const message = `module "${module.name}" is not granted to this session; to grant it to new ones: ${cure}`;
    throw moduleError('MODULE_NOT_ALLOWED', message);
  }

  source(id: string): ModuleSource | undefined {
    const module = this.#granted(id);
    const code = module === undefined ? undefined : this.#host.guestCode?.(module.name);
    return code === undefined ? undefined : { format: 'host', code, filename: id };
  }

  /** The host side of a granted module, opened at its first use. */
  open(id: string): OpenHostModule | undefined {
    const present = this.#open.get(id);
    const module = this.#granted(id);
    const { context } = this.#host;
    if (present !== undefined || module === undefined || context === undefined) return present;
    const { worktree, capabilities, template } = this.#settings;
    const opened = module.open({
      ...context,
      config: module.config.parse(this.#grant(module)?.config ?? {}),
      worktree,
      capabilities: capabilities.filter(({ enabled }) => enabled),
      template,
    });
    this.#open.set(id, opened);
    return opened;
  }

  #granted(id: string): HostModule | undefined {
    const module = this.#host.modules.find(({ name }) => idPrefix + name === id);
    return module !== undefined && this.#grant(module) !== undefined ? module : undefined;
  }

  #grant({ name }: HostModule): Capability | undefined {
    return this.#settings.capabilities.find(
      (capability) => capability.kind === 'module' && capability.name === name && capability.enabled,
    );
  }
}
