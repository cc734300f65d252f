// A suggestion to the lines a person reads: what to grant, the commands that grant it, and what is left over.
import { isDeepStrictEqual } from 'node:util';
import { grantCommand, shellWord, type Capability, type CapabilityInput } from '../../records/index.js';
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
  const rows = capabilities.map(({ kind, name, config }) => [
    kind,
    name,
    config === undefined ? '' : JSON.stringify(config),
  ]);
  const missing = capabilities.filter((wanted) => !granted.some((present) => isSame(wanted, present)));
  const grant = missing.map((wanted) => grantCommand(template, wanted));
  const left = unused.filter(({ kind, name }) =>
    granted.some((present) => present.enabled && present.kind === kind && present.name === name),
  );
  const revoke = left.map(
    ({ kind, name }) => `vmsys template remove-capability ${template} ${kind} ${shellWord(name)}`,
  );
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
