// A template's policy as a document that says what differs from the defaults, and two policies as the list of what
// differs between them.
import { isDeepStrictEqual } from 'node:util';
import type { Capability, Policy, StartupFile, TemplateDocument } from '../records/index.js';
import { makePolicy } from './policy.js';
import type { TemplateChange } from './types.js';

/** What a document must say for `apply` to make this policy. */
export function toDocument(
  name: string,
  policy: Policy,
  { integrity = false }: { integrity?: boolean | undefined } = {},
): TemplateDocument {
  const usual = makePolicy({});
  const { limits, resolver, runtime, capabilities, startup, libraries, env } = policy;
  const parts = {
    limits: changedFields(limits, usual.limits),
    resolver: changedFields(resolver, usual.resolver),
    runtime: changedFields(runtime, usual.runtime),
    capabilities: capabilities.map(shortCapability),
    startup: shortStartup(startup),
    libraries: libraries.map((pin) => (integrity ? pin : pin.id)),
    env,
  };
  const said = Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0);
  return { name, ...Object.fromEntries(said) };
}

function changedFields<Fields extends object>(fields: Fields, usual: Fields): Partial<Fields> {
  const usually = new Map<string, unknown>(Object.entries(usual));
  const changed = Object.entries(fields).filter(
    ([name, value]) => !isDeepStrictEqual(value, usually.get(name)),
  );
  return Object.fromEntries(changed) as Partial<Fields>; // some of the fields it was made from
}

const shortCapability = ({ kind, name, enabled, config }: Capability) => ({
  kind,
  name,
  ...(enabled ? {} : { enabled }),
  ...(Object.keys(config).length === 0 ? {} : { config }),
});

/** Paths alone, where their order is the one that they would be given. */
function shortStartup(startup: readonly StartupFile[]): (string | StartupFile)[] {
  let last = 0;
  return startup.map((file) => {
    const isUsual = file.order === last + 10;
    last = Math.max(last, file.order);
    return isUsual ? file.path : file;
  });
}

/** What is different, field by field and entry by entry; nothing where the policies are the same. */
export function policyChanges(before: Policy, after: Policy): TemplateChange[] {
  return [
    ...fieldChanges('limits', before.limits, after.limits),
    ...fieldChanges('resolver', before.resolver, after.resolver),
    ...fieldChanges('runtime', before.runtime, after.runtime),
    ...listChanges('capabilities', before.capabilities, after.capabilities, (capability) => ({
      key: `${capability.kind} ${capability.name}`,
      value: { enabled: capability.enabled, config: capability.config },
    })),
    ...listChanges('startup', before.startup, after.startup, ({ path, order }) => ({
      key: path,
      value: order,
    })),
    ...listChanges('libraries', before.libraries, after.libraries, ({ id, integrity }) => ({
      key: id,
      value: integrity,
    })),
    ...fieldChanges('env', before.env, after.env),
  ];
}

function fieldChanges(path: string, before: object, after: object): TemplateChange[] {
  const [old, now] = [
    new Map<string, unknown>(Object.entries(before)),
    new Map<string, unknown>(Object.entries(after)),
  ];
  return mapChanges(path, old, now);
}

function mapChanges(
  path: string,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): TemplateChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key): TemplateChange[] => {
    const [old, now] = [before.get(key), after.get(key)];
    if (isDeepStrictEqual(old, now)) return [];
    return [
      {
        path: `${path}.${key}`,
        ...(old === undefined ? {} : { before: old }),
        ...(now === undefined ? {} : { after: now }),
      },
    ];
  });
}

interface Entry {
  key: string;
  value: unknown;
}

/** Entries by their keys; where only their order is another, that of the whole list. */
function listChanges<Item>(
  path: string,
  before: readonly Item[],
  after: readonly Item[],
  entryOf: (item: Item) => Entry,
): TemplateChange[] {
  const [old, now] = [keyed(before.map(entryOf)), keyed(after.map(entryOf))];
  const changes = mapChanges(path, old, now);
  const [oldKeys, newKeys] = [[...old.keys()], [...now.keys()]];
  if (changes.length > 0 || isDeepStrictEqual(oldKeys, newKeys)) return changes;
  return [{ path, before: oldKeys, after: newKeys }];
}

/** A key that is there again gets a number: nothing forbids it in old templates. */
function keyed(entries: readonly Entry[]): Map<string, unknown> {
  const map = new Map<string, unknown>();
  for (const { key, value } of entries) {
    let name = key;
    for (let count = 2; map.has(name); count += 1) name = `${key} (${count})`;
    map.set(name, value);
  }
  return map;
}
