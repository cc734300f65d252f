// Errors of the file functions: with Node's code, message and fields, and the path that the script wrote.
import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import { HostError } from '../host-module.js';

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

/** The template does not grant it: says what would. */
export function denied(
  { template, worktree }: { template: string; worktree: string | undefined },
  { written, access, syscall }: { written: string; access: 'read' | 'write'; syscall: string },
): HostError {
  const inWorktree = worktree !== undefined && (written === worktree || written.startsWith(`${worktree}/`));
  const write = access === 'write';
  const [kind, name] = inWorktree && write ? (['module', 'fs'] as const) : (['fs', written] as const);
  const config = write ? ` --config '{"write":true}'` : '';
  const verb = write ? 'written' : 'read';
  const grant = `vmsys template add-capability ${template} ${kind} ${JSON.stringify(name)}${config}`;
  return new HostError(
    'EACCES',
    `EACCES: template ${JSON.stringify(template)} does not let ${JSON.stringify(written)} be ${verb}; to grant it: ${grant}, ${syscall} '${written}'`,
    {
      fields: { syscall, path: written },
      target: written,
      denied: true,
      ledger: { write },
    },
  );
}
