// The ledger of a session into the smallest set of capabilities that would have covered what was asked for. What leaves
// no trace in the ledger stays as the template has it: variables that are read, modules that reach nothing, bounds.
import type { Capability, CapabilityInput, HostCall } from '../../records/index.js';
import { catalogue } from '../capabilities/catalogue.js';
import { denialOf, isOf } from '../capabilities/module-grants.js';
import { isWithin } from '../capabilities/fs/reach.js';
import { Method, usualMethods } from '../capabilities/net/config.js';
import { needsOf, type Need, type Surroundings } from './needs.js';
import { mergeGrants } from './path-grants.js';

export interface SuggestionContext extends Surroundings {
  /** What the session's template grants. */
  granted: readonly Capability[];
}

export interface SuggestedCapabilities {
  capabilities: CapabilityInput[];
  /** What the template grants and nothing asked for. */
  unused: Pick<Capability, 'kind' | 'name'>[];
  /** Calls that no capability would allow. */
  uncovered: (Pick<HostCall, 'module' | 'call' | 'target'> & { reason: string })[];
}

/** Modules of whose use the ledger says nothing, for they reach nothing. */
const unrecorded = new Set(['path', 'buffer']);
/** A program whose calls begin with more different words than this is granted as a whole. */
const mostCommands = 8;

/** Deterministic, and whatever it answers can be granted. */
export function suggestCapabilities(
  calls: readonly HostCall[],
  context: SuggestionContext,
): SuggestedCapabilities {
  const granted = context.granted.filter(({ enabled }) => enabled);
  const denied = context.granted
    .filter(({ enabled }) => !enabled)
    .map(({ kind, name }) => ({ kind, name, enabled: false }));
  const uncovered = new Map<string, SuggestedCapabilities['uncovered'][number]>();
  const leaveOut = ({ module, call, target }: HostCall, reason: string): void => {
    const key = `${module} ${call} ${target}`;
    if (!uncovered.has(key)) uncovered.set(key, { module, call, target, reason });
  };
  const needs = calls.flatMap((call) => {
    const own = needsOf(call, context);
    const reasons = own.flatMap((need) => reasonAgainst(need, context.granted) ?? []);
    if (reasons[0] !== undefined) leaveOut(call, reasons[0]);
    // Half of what it needs is no use to it.
    const useful = reasons.length === 0 ? own : own.filter((need) => isModule(need, context.granted));
    return useful.map((need) => ({ call, need }));
  });

  const all = needs.map(({ need }) => need);
  const modules = catalogue.flatMap((entry): CapabilityInput[] => {
    const present = granted.find((capability) => isOf(capability, entry));
    const first = needs.find(({ need }) => need.kind === 'module' && need.name === entry.name);
    if (first === undefined)
      return present !== undefined && unrecorded.has(entry.name) ? [toInput(present)] : [];
    const config = configOf(entry.name, all, { ...context, present });
    if (config !== undefined)
      return [toInput({ ...(present ?? { kind: 'module', name: entry.name }), config })];
    leaveOut(first.call, 'which programs to allow is not known: none was run');
    return [];
  });
  const capabilities = [
    ...modules,
    ...pathCapabilities(all, context),
    ...variableCapabilities(all, granted),
    ...originCapabilities(all, granted),
    // What is denied leaves no trace, and a grant of what lies around it must not let it in.
    ...denied,
  ];
  const unused = granted
    .filter(({ kind, name }) => !capabilities.some((other) => other.kind === kind && other.name === name))
    .map(({ kind, name }) => ({ kind, name }));
  return { capabilities, unused, uncovered: [...uncovered.values()] };
}

/** Why no grant would do: none could, or the template denies it. Paths that it denies are closed ones. */
function reasonAgainst(need: Need, capabilities: readonly Capability[]): string | undefined {
  const isDenied = (wanted: Capability['kind'], named: string): boolean =>
    capabilities.some(({ kind, name, enabled }) => kind === wanted && name === named && !enabled);
  if (need.kind === 'never') return need.reason;
  const isRefused =
    (need.kind === 'module' && denialOf(capabilities, need.name) !== undefined) ||
    (need.kind === 'variable' && isDenied('env', need.name)) ||
    (need.kind === 'origin' && isDenied('net', need.origin));
  return isRefused ? 'the template denies it' : undefined;
}

const isModule = (need: Need, capabilities: readonly Capability[]): boolean =>
  need.kind === 'module' && reasonAgainst(need, capabilities) === undefined;

/** As people write it: what is usual is left out. */
function toInput({ kind, name, config = {} }: CapabilityInput): CapabilityInput {
  return { kind, name, ...(Object.keys(config).length === 0 ? {} : { config }) };
}

/** The bounds that are set, and what was used; `undefined` where it cannot be known. */
function configOf(
  module: string,
  needs: readonly Need[],
  { present, worktree }: SuggestionContext & { present: Capability | undefined },
): Capability['config'] | undefined {
  const { write: _write, allow: _allow, ...bounds } = present?.config ?? {};
  if (module !== 'exec') {
    const writes = needs.some(
      (need) =>
        need.kind === 'path' &&
        need.module === module &&
        need.write &&
        worktree !== undefined &&
        isWithin(worktree, need.path),
    );
    return writes ? { ...bounds, write: true } : bounds;
  }
  const allow = allowed(needs);
  return allow.length === 0 ? undefined : { ...bounds, allow };
}

/** `git log` where each call of git names one of a few commands, else `git`. */
function allowed(needs: readonly Need[]): string[] {
  const firsts = new Map<string, Set<string | undefined>>();
  for (const need of needs) {
    if (need.kind === 'program')
      firsts.set(need.program, (firsts.get(need.program) ?? new Set()).add(need.first));
  }
  return [...firsts]
    .flatMap(([program, words]) =>
      words.has(undefined) || words.size > mostCommands
        ? [program]
        : [...words].map((word) => `${program} ${word}`),
    )
    .toSorted();
}

function pathCapabilities(needs: readonly Need[], { worktree, home }: SuggestionContext): CapabilityInput[] {
  const outside = needs.flatMap((need) =>
    need.kind === 'path' && (worktree === undefined || !isWithin(worktree, need.path))
      ? [{ path: need.path, write: need.write }]
      : [],
  );
  const apart = worktree === undefined ? [home] : [home, worktree];
  return mergeGrants(outside, apart).map(({ path, write }) => ({
    kind: 'fs',
    name: fromHome(path, home),
    ...(write ? { config: { write: true } } : {}),
  }));
}

/** `~/x` for what lies in the home, so that it means the same to another user. */
const fromHome = (path: string, home: string): string =>
  home !== '/' && isWithin(home, path) ? `~${path.slice(home.length)}` : path;

/** The methods that were used are named where they are not those of a grant that names none. */
function originCapabilities(needs: readonly Need[], granted: readonly Capability[]): CapabilityInput[] {
  const wanted = new Map<string, Set<Method>>();
  for (const need of needs) {
    if (need.kind !== 'origin') continue;
    wanted.set(need.origin, (wanted.get(need.origin) ?? new Set()).add(need.method));
  }
  return [...wanted].map(([name, used]) => {
    const present = granted.find((capability) => capability.kind === 'net' && capability.name === name);
    const { methods: _, ...bounds } = present?.config ?? {};
    const isUsual = [...used].every((method) => usualMethods.includes(method));
    const methods = Method.options.filter((method) => used.has(method));
    return toInput({ kind: 'net', name, config: isUsual ? bounds : { ...bounds, methods } });
  });
}

function variableCapabilities(needs: readonly Need[], granted: readonly Capability[]): CapabilityInput[] {
  const named = needs.flatMap((need) => (need.kind === 'variable' ? [need.name] : []));
  const kept = granted.flatMap(({ kind, name }) => (kind === 'env' ? [name] : []));
  return [...new Set([...kept, ...named])].map((name) => ({ kind: 'env', name }));
}
