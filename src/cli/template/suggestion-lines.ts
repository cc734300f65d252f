// A suggestion to the lines a person reads: what to grant, the commands that grant it, and what is left over.
import { isDeepStrictEqual } from 'node:util';
import { grantCommand, removalCommand, type Capability, type CapabilityInput } from '../../records/index.js';
import type { MethodResult } from '../../rpc/methods/index.js';
import type { Paint } from '../output/paint.js';
import { formatTable, visible } from '../output/table.js';

type Suggestion = MethodResult<'template.suggest'>;

/** `granted` is what the template grants now: only the difference to that takes commands. */
export function suggestionLines(
  { template, capabilities, unused, uncovered }: Suggestion,
  granted: readonly Capability[],
  paint: Paint,
): string[] {
  // What the template denies stays denied, and is no news.
  const wanted = capabilities.filter(({ enabled = true }) => enabled);
  const rows = wanted.map(({ kind, name, config }) => [
    kind,
    name,
    config === undefined ? '' : JSON.stringify(config),
  ]);
  const missing = wanted.filter((capability) => !granted.some((present) => isSame(capability, present)));
  const grant = missing.map((capability) => grantCommand(template, capability));
  const left = unused.filter(({ kind, name }) =>
    granted.some((present) => present.enabled && present.kind === kind && present.name === name),
  );
  const revoke = left.map((capability) => removalCommand(template, capability));
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', paint('bold', title), ...lines.map(visible)];
  return [
    ...(rows.length === 0 ? [] : formatTable(['kind', 'name', 'config'], rows, paint)),
    ...section('to grant it to new sessions:', grant),
    ...section('granted, and not asked for:', revoke),
    ...section(
      'no capability allows:',
      uncovered.map(({ module, call, target, reason }) => `${module}.${call} ${target} (${reason})`),
    ),
  ];
}

const isSame = ({ kind, name, config = {} }: CapabilityInput, present: Capability): boolean =>
  present.enabled &&
  present.kind === kind &&
  present.name === name &&
  isDeepStrictEqual(present.config, config);

/** What was looked at, for standard error. */
export function coverageLine({ calls, denied, unrecorded }: Suggestion): string {
  if (calls === 0) return 'nothing was asked of the host';
  const beyond =
    unrecorded === 0 ? '' : `; ${unrecorded} more were not recorded or looked at, and are not covered`;
  return `from ${calls} ${calls === 1 ? 'call' : 'calls'} of the host, ${denied} denied${beyond}`;
}
