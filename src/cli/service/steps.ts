// What a service command is going to do, as data: printed by --dry-run, done one by one otherwise.
import { mkdirSync, renameSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stopDirectDaemon, type DirectDaemon } from './direct-daemon.js';
import { systemctlWords, type Scope } from './scope.js';
import { ServiceFault } from './service-fault.js';

export type Step =
  | { kind: 'stop-daemon'; daemon: DirectDaemon }
  /** Of mode 0700. */
  | { kind: 'make-folder'; path: string }
  | { kind: 'write'; path: string; text: string }
  /** A file that somebody changed by hand is kept under another name. */
  | { kind: 'keep-copy'; path: string; copy: string }
  | { kind: 'remove'; path: string }
  | { kind: 'systemctl'; words: readonly string[]; mayFail?: boolean }
  | { kind: 'note'; text: string };

const verbs: Readonly<Record<Exclude<Step['kind'], 'note'>, readonly [will: string, done: string]>> = {
  'stop-daemon': ['stop', 'stopped'],
  'make-folder': ['make', 'made'],
  write: ['write', 'wrote'],
  'keep-copy': ['keep', 'kept'],
  remove: ['remove', 'removed'],
  systemctl: ['run', 'ran'],
};

/** What the step does, as `write PATH`, or what it did, as `wrote PATH`. */
export function describeStep(step: Step, scope: Scope, { done = false } = {}): string {
  if (step.kind === 'note') return step.text;
  return `${verbs[step.kind][done ? 1 : 0]} ${objectOf(step, scope)}`;
}

function objectOf(step: Exclude<Step, { kind: 'note' }>, { manager }: Scope): string {
  switch (step.kind) {
    case 'stop-daemon':
      return `the daemon that was started directly (pid ${step.daemon.pid}, ${step.daemon.socketPath})`;
    case 'make-folder':
    case 'write':
    case 'remove':
      return step.path;
    case 'keep-copy':
      return `what was changed by hand as ${step.copy}`;
    case 'systemctl':
      return systemctlWords({ manager }, ...step.words);
  }
}

/** Does it; throws ServiceFault where it cannot be done. */
export async function performStep(step: Step, scope: Scope, signal: AbortSignal): Promise<void> {
  switch (step.kind) {
    case 'stop-daemon':
      return stopDirectDaemon(step.daemon, signal);
    case 'make-folder':
      return changing(step.path, () => void mkdirSync(step.path, { recursive: true, mode: 0o700 }));
    case 'write':
      return changing(step.path, () => writeAtomically(step.path, step.text));
    case 'keep-copy':
      return changing(step.path, () => renameSync(step.path, step.copy));
    case 'remove':
      return changing(step.path, () => removeFile(step.path));
    case 'systemctl':
      return systemctl(step, scope);
    case 'note':
      return;
  }
}

function changing(path: string, change: () => void): void {
  try {
    change();
  } catch (error) {
    throw new ServiceFault(
      `${path} cannot be changed: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

function writeAtomically(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.vmsysd-${process.pid}`);
  writeFileSync(temporary, text, { mode: 0o644 });
  renameSync(temporary, path);
}

/** The folder of drop-ins goes with its last file. */
function removeFile(path: string): void {
  rmSync(path, { force: true });
  if (!dirname(path).endsWith('.d')) return;
  try {
    rmdirSync(dirname(path));
  } catch {
    // somebody else's drop-ins are in it
  }
}

async function systemctl(
  { words, mayFail = false }: Extract<Step, { kind: 'systemctl' }>,
  scope: Scope,
): Promise<void> {
  const { status, stderr } = await scope.run('systemctl', [scope.manager, '--no-pager', ...words]);
  if (status === 0 || mayFail) return;
  throw new ServiceFault(
    `"${describeStep({ kind: 'systemctl', words }, scope)}" failed: ${stderr.trim()}; "vmsys service doctor" looks for the reason`,
  );
}
