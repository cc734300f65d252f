// What a client wrote about a template into the policy that holds: defaults filled in, and everything refused that
// the runtime does not enforce, so that no setting is only stored.
import {
  Policy,
  PolicyInput,
  defaultLimits,
  defaultResolver,
  defaultRuntimeSettings,
  type Capability,
  type CapabilityInput,
  type Resolver,
  type StartupFile,
} from '../records/index.js';
import { catalogue } from './capabilities/catalogue.js';
import { isOf } from './capabilities/module-grants.js';
import { requireCapability } from './capabilities/require-capability.js';
import { RuntimeError } from './errors.js';
import { noLibraries, pinLibraries } from './library-pins.js';
import type { LibrarySource } from './types.js';
import { requireRelativePath } from './worktree.js';

const freshPolicy: Policy = {
  engine: 'quickjs',
  limits: defaultLimits,
  resolver: defaultResolver,
  runtime: defaultRuntimeSettings,
  capabilities: [],
  startup: [],
  libraries: [],
  env: {},
};

/**
 * The policy after a change: fields of `limits`, `resolver` and `runtime` are changed one by one, lists and `env`
 * as a whole. Throws VALIDATION_ERROR, MODULE_NOT_ALLOWED or INVALID_PATH, and what `source` does.
 */
export function makePolicy(
  change: PolicyInput,
  current: Policy = freshPolicy,
  source: LibrarySource = noLibraries,
): Policy {
  const input = parseInput(change);
  const policy: Policy = {
    engine: current.engine,
    limits: { ...current.limits, ...defined(input.limits) },
    resolver: toResolver({ ...current.resolver, ...defined(input.resolver) }),
    runtime: { ...current.runtime, ...defined(input.runtime) },
    capabilities:
      input.capabilities === undefined
        ? current.capabilities
        : requireDistinct(input.capabilities.map(toCapability)),
    startup: input.startup === undefined ? current.startup : toStartup(input.startup),
    libraries: input.libraries === undefined ? current.libraries : pinLibraries(input.libraries, source),
    env: input.env ?? current.env,
  };
  return Policy.parse(policy);
}

function parseInput(change: PolicyInput): PolicyInput {
  const parsed = PolicyInput.safeParse(change);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new RuntimeError('VALIDATION_ERROR', `template: ${text}`, { details: { issues } });
}

/** What was granted, as it is stored. Throws where it is nothing that can be granted. */
export const toCapability = ({ kind, name, enabled = true, config = {} }: CapabilityInput): Capability =>
  requireCapability({ kind, name, enabled, config });

/**
 * Each of them once, and each module by one: of two that grant it, one would only be stored. Throws VALIDATION_ERROR.
 */
export function requireDistinct(capabilities: readonly Capability[]): Capability[] {
  const seen = new Set<string>();
  for (const { kind, name } of capabilities) {
    const key = `${kind} ${name}`;
    if (seen.has(key)) throw invalid('capabilities', `${kind} ${JSON.stringify(name)} is there twice`);
    seen.add(key);
  }
  for (const entry of catalogue) {
    if (entry.grantedBy !== undefined) continue;
    const [one, other] = capabilities.filter((capability) => capability.enabled && isOf(capability, entry));
    if (one === undefined || other === undefined) continue;
    const [first, second] = [one, other].map(({ kind, name }) => `${kind} ${JSON.stringify(name)}`);
    throw invalid(
      'capabilities',
      `${first} and ${second} grant the same module, each with a config of its own; keep one of them (a global can be imported, too)`,
    );
  }
  return [...capabilities];
}

/** Files in the order they run: by `order`, then as they were written. Later ones without an order come last. */
export function toStartup(
  files: readonly (string | { path: string; order?: number | undefined })[],
): StartupFile[] {
  const seen = new Set<string>();
  let last = 0;
  const startup = files.map((file) => {
    const given = typeof file === 'string' ? { path: file } : file;
    const path = requireRelativePath(given.path);
    if (seen.has(path)) throw invalid('startup', `${JSON.stringify(path)} is there twice`);
    seen.add(path);
    const order = given.order ?? last + 10;
    last = Math.max(last, order);
    return { path, order };
  });
  return startup.toSorted((a, b) => a.order - b.order);
}

/** Roots written one way, each inside the worktree; `.` is the worktree itself. */
function toResolver(resolver: Resolver): Resolver {
  const roots = resolver.roots.map((root) => {
    const path = root === '.' || root === './' ? '.' : requireRelativePath(root);
    return path.length > 1 ? path.replace(/\/$/, '') : path;
  });
  const twice = roots.find((root, index) => roots.indexOf(root) !== index);
  if (twice !== undefined) throw invalid('resolver.roots', `${JSON.stringify(twice)} is there twice`);
  return { ...resolver, roots };
}

/** The fields that are there; an `undefined` one must not hide the value before. */
function defined<T extends object>(fields: T | undefined): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

const invalid = (path: string, message: string): RuntimeError =>
  new RuntimeError('VALIDATION_ERROR', `${path}: ${message}`, { details: { issues: [{ path, message }] } });
