// The configuration of a module as the template has it: whoever is told how to grant more keeps the bounds that are set.
import type { Capability } from '../../records/index.js';

export const grantedConfig = (capabilities: readonly Capability[], module: string): Capability['config'] =>
  capabilities.find(({ kind, name }) => kind === 'module' && name === module)?.config ?? {};
