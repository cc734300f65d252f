// Which of a template's capabilities a session has a host module by, and which denies it.
import type { Capability } from '../../records/index.js';
import { catalogue } from './catalogue.js';
import type { CatalogueEntry } from './host-module.js';

type Capabilities = readonly Capability[];

/** The capability that grants the module; none where another denies it. */
export function grantOf(capabilities: Capabilities, module: string): Capability | undefined {
  const entry = catalogue.find(({ name }) => name === module);
  if (entry === undefined || denialOf(capabilities, module) !== undefined) return undefined;
  return capabilities.find((capability) => capability.enabled && isOf(capability, entry));
}

/** The disabled capability that denies the module. One of an origin denies that origin alone. */
export function denialOf(capabilities: Capabilities, module: string): Capability | undefined {
  const entry = catalogue.find(({ name, grantedBy }) => name === module && grantedBy === undefined);
  return entry && capabilities.find((capability) => !capability.enabled && isOf(capability, entry));
}

/** Whether it is about this module: as a module, or as a global, which is the module in a variable. */
export function isOf(
  { kind, name }: Pick<Capability, 'kind' | 'name'>,
  { name: module, global, grantedBy }: CatalogueEntry,
): boolean {
  if (grantedBy !== undefined) return kind === grantedBy;
  return (kind === 'module' && name === module) || (kind === 'global' && name === global.name);
}

/** The capability by which it is granted, with more: whoever is told how to grant it keeps the bounds that are set. */
export function grantedAs(
  capabilities: Capabilities,
  module: string,
  config: Capability['config'],
): Pick<Capability, 'kind' | 'name' | 'config'> {
  const { kind = 'module', name = module, config: present } = grantOf(capabilities, module) ?? {};
  return { kind, name, config: { ...present, ...config } };
}
