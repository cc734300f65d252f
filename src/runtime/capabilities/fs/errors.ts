// Errors of the file functions: with Node's code, message and fields, and the path that the script wrote.
import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import { grantCommand, removalCommand, type Capability } from '../../../records/index.js';
import { grantedAs } from '../module-grants.js';
import { HostError } from '../host-module.js';
import { isWithin, type Reach } from './reach.js';

/** An error as Node's `fs` throws it. `cause` is an error of the system or its code. */
export function systemError(cause: unknown, syscall: string, path: string, dest?: string): HostError {
  const code = codeOf(cause);
  const known = [...getSystemErrorMap()].find(([, [name]]) => name === code);
  const where = dest === undefined ? `'${path}'` : `'${path}' -> '${dest}'`;
  const text = known?.[1][1] ?? (cause instanceof Error ? cause.message : 'failed');
  return new HostError(code, `${code}: ${text}, ${syscall} ${where}`, {
    fields: {
      syscall,
      path,
      ...(dest === undefined ? {} : { dest }),
      ...(known === undefined ? {} : { errno: known[0] }),
    },
    target: path,
    cause,
  });
}

function codeOf(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  if (cause instanceof Error && 'errno' in cause && typeof cause.errno === 'number')
    return getSystemErrorName(cause.errno);
  return 'EIO';
}

/** The template does not grant it: says what would. `target` is what the ledger names, where that is another path. */
export function denied(asker: Asker, { written, access, syscall, target = written }: Denial): HostError {
  const write = access === 'write';
  const verb = write ? 'written' : 'read';
  return new HostError(
    'EACCES',
    `EACCES: template ${JSON.stringify(asker.template)} does not let ${JSON.stringify(written)} be ${verb}; ${cureOf(asker, { written, access, target })}, ${syscall} '${written}'`,
    {
      fields: { syscall, path: written },
      target,
      denied: true,
      ledger: { write },
    },
  );
}

/** What would put it right. The target is where it really is, as far as the script may know. */
function cureOf(
  { template, worktree, module, capabilities, reach }: Asker,
  { written, access, target }: Omit<Denial, 'syscall'> & { target: string },
): string {
  const write = access === 'write';
  const denial = reach.deniedBy(target, access);
  if (denial !== undefined) {
    const command = removalCommand(template, { kind: 'fs', name: denial });
    return `to deny it to new sessions no longer: ${command}`;
  }
  if (reach.isClosed(target, access)) return 'no template can grant it';
  const inWorktree = worktree !== undefined && isWithin(worktree, written);
  // Where the worktree may be written to, a link in it leads out.
  const ofModule = inWorktree && write && !reach.allows(written, 'write');
  const wanted = ofModule
    ? grantedAs(capabilities, module, { write })
    : ({ kind: 'fs', name: written, config: write ? { write } : {} } as const);
  return `to grant it to new sessions: ${grantCommand(template, wanted)}`;
}

/** Of a place, what decides on how to grant more. */
interface Asker {
  template: string;
  worktree: string | undefined;
  module: 'fs' | 'database' | 'exec';
  capabilities: readonly Capability[];
  reach: Reach;
}

interface Denial {
  written: string;
  access: 'read' | 'write';
  syscall: string;
  target?: string;
}
