// What a session's `import` and `require` reach: answers the engine in the worker's thread.
import type { ModuleHost } from '../engine/module-host.js';
import type { ModuleSettings } from './module-settings.js';

/** The module host of one session. */
export function createModuleHost(_settings: ModuleSettings): ModuleHost {
  const refuse = (specifier: string): never => {
    throw Object.assign(new Error(`cannot find module ${JSON.stringify(specifier)}`), {
      code: 'MODULE_NOT_FOUND',
    });
  };
  return { resolve: refuse, load: refuse, call: refuse };
}
