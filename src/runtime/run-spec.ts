// What a call asks for into what the engine is to run: code or a file's text, arguments, environment and limits.
import { extname } from 'node:path';
import type { Policy, RunOptions } from '../records/index.js';
import type { RunRequest } from './engine/request.js';
import { RuntimeError } from './errors.js';
import type { LiveSession } from './live-session.js';
import { isModuleFile } from './modules/file-kind.js';
import type { RunSpec } from './runner.js';
import { readFromWorktree, requireRelativePath } from './worktree.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** What of the daemon decides on what a call is given. */
export interface SpecHost {
  environment: Variables;
  /** Files and folders that no session reaches. */
  closed: readonly string[];
}

/** What stack traces call code that came without a name. */
const replFilename = '<repl>';

export function replSpec(
  session: LiveSession,
  call: RunOptions & { code: string; filename?: string | undefined },
  environment: Variables,
): RunSpec {
  const { code, filename = replFilename, until = 'value' } = call;
  const request = { ...common(session, call), kind: 'repl', code, filename, until } as const;
  return {
    input: { kind: 'repl', code },
    request: { ...request, args: [], env: grantedEnvironment(session.policy, environment) },
    echo: code,
  };
}

/** Reads the file: throws INVALID_PATH or FILE_NOT_FOUND before anything runs. */
export function fileSpec(
  session: LiveSession,
  call: RunOptions & {
    kind: 'run_file' | 'startup';
    path: string;
    args?: string[] | undefined;
    env?: Record<string, string> | undefined;
  },
  { environment, closed }: SpecHost,
): RunSpec {
  const { kind, args = [], env = {}, until = kind === 'startup' ? 'value' : 'idle' } = call;
  const { worktree } = session.record;
  if (worktree === undefined) {
    const message = `path ${JSON.stringify(call.path)}: session ${session.id} has no worktree; create it with one`;
    throw new RuntimeError('INVALID_PATH', message);
  }
  const path = requireRelativePath(call.path);
  const extension = extname(path);
  const { extensions } = session.policy.resolver;
  if (!extensions.includes(extension)) {
    const message = `path ${JSON.stringify(path)}: expected a name that ends in ${extensions.join(', ')}`;
    throw new RuntimeError('INVALID_PATH', message);
  }
  const code = readFromWorktree(worktree, path, closed);
  const input: RunSpec['input'] = { kind, path };
  if (args.length > 0) input.args = args;
  if (Object.keys(env).length > 0) input.env = env;
  return {
    input,
    request: {
      ...common(session, call),
      kind: isModuleFile(path, session.policy.runtime.esm) ? 'module' : 'script',
      code,
      filename: path,
      isMain: kind === 'run_file',
      args,
      env: { ...grantedEnvironment(session.policy, environment), ...env },
      until,
    },
    echo: [path, ...args].join(' '),
  };
}

/** One due timer of the session. */
export function timerSpec(session: LiveSession, environment: Variables): RunSpec {
  const request = {
    ...common(session, {}),
    kind: 'timer',
    code: '',
    filename: '',
    args: [],
    env: grantedEnvironment(session.policy, environment),
  } as const;
  return { input: { kind: 'timer' }, request: { ...request, until: 'value' }, echo: undefined };
}

function common(
  { policy, record }: LiveSession,
  call: RunOptions,
): Pick<RunRequest, 'limits' | 'strict' | 'rollbackOnFailure' | 'cwd'> {
  const { limits, runtime } = policy;
  const wallMs = Math.min(limits.wallMs, call.timeoutMs ?? limits.wallMs);
  return {
    limits: { ...limits, wallMs },
    strict: runtime.strict,
    cwd: record.worktree,
    rollbackOnFailure: call.onFailure === 'rollback',
  };
}

/** The variables a session sees: those of the daemon that its template grants, then the template's own; none denied. */
function grantedEnvironment(policy: Policy, environment: Variables): Record<string, string> {
  const variables = policy.capabilities.filter(({ kind }) => kind === 'env');
  const granted: Record<string, string> = {};
  for (const { name } of variables) {
    const value = environment[name];
    if (value !== undefined) granted[name] = value;
  }
  const seen = { ...granted, ...policy.env };
  for (const { name, enabled } of variables) if (!enabled) delete seen[name];
  return seen;
}
