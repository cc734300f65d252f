// The host module `exec`: programs that the template names, without a shell, in the worktree, with the environment that
// was granted and no other.
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import * as z from 'zod';
import { grantCommand, removalCommand } from '../../../records/index.js';
import type { HostValue } from '../../engine/module-host.js';
import { withExisting, type Place } from '../fs/anchor.js';
import { Reach } from '../fs/reach.js';
import { grantedAs } from '../module-grants.js';
import { HostError, type HostAnswer, type HostContext, type HostModule } from '../host-module.js';
import { ExecConfig } from './config.js';
import { isCommand } from './words.js';

/** Where programs are looked for by name. */
const searchPath = '/usr/local/bin:/usr/bin:/bin';
/** The kernel takes no more for one argument. */
const greatestArgument = 128 * 1024;

const Call = z.tuple([
  z.string().min(1).max(4096),
  z.array(z.string().max(greatestArgument)).max(10_000),
  z.strictObject({
    cwd: z.string().max(4096).optional(),
    env: z.record(z.string(), z.string()).optional(),
    input: z.union([z.string(), z.instanceof(Uint8Array)]).optional(),
    timeoutMs: z.number().min(0).optional(),
    maxBytes: z.int().min(0).optional(),
  }),
]);

export const execModule: HostModule = {
  open: (given) => {
    const context = { ...given, config: ExecConfig.parse(given.config) };
    return { call: (name, args) => call(context, name, args) };
  },
};

function call(context: HostContext<ExecConfig>, name: string, args: readonly HostValue[]): HostAnswer {
  if (name !== 'run') throw new HostError('ENOSYS', `exec has no function ${JSON.stringify(name)}`);
  const parsed = Call.safeParse(args);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new HostError(
      'ERR_INVALID_ARG_TYPE',
      `exec.run: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    );
  }
  const target = shown(parsed.data);
  try {
    return { ...run(context, parsed.data), target };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    const { code, message, fields, denied } = error;
    // What was denied may be the folder; the ledger still says what was to run there.
    const ledger = fields.syscall === 'chdir' && error.target !== undefined ? { path: error.target } : {};
    throw new HostError(code, message, { fields, denied, ledger, target, cause: error });
  }
}

/** As a shell has it, without the values of variables: `HOME= git log "a b"`. */
function shown([program, words, { env = {} }]: z.infer<typeof Call>): string {
  const variables = Object.keys(env).map((name) => `${name}=`);
  const quoted = [program, ...words].map((word, at) =>
    /^[\w@%+:,./-]+$/.test(at === 0 ? word : word.replaceAll('=', '')) ? word : JSON.stringify(word),
  );
  return [...variables, ...quoted].join(' ').slice(0, 256);
}

function run(context: HostContext<ExecConfig>, [program, words, options]: z.infer<typeof Call>): HostAnswer {
  if ([program, ...words, ...Object.values(options.env ?? {})].some((word) => word.includes('\0')))
    throw new HostError('ERR_INVALID_ARG_VALUE', 'exec.run: a word or variable holds a null byte');
  requireAllowed(context, program, words);
  const file = find(program);
  const { config, environment } = context;
  requireGranted(context, options.env ?? {});
  return inFolder(context, options.cwd ?? '.', (cwd) => {
    const value = context.outside('exec', {
      file,
      name: program,
      args: words,
      cwd,
      env: { PATH: searchPath, LANG: 'C.UTF-8', ...environment(), ...options.env },
      input: options.input ?? '',
      timeoutMs: Math.min(options.timeoutMs ?? Infinity, config.timeoutMs),
      maxBytes: Math.min(options.maxBytes ?? Infinity, config.maxBytes),
    });
    const { stdout, stderr } = value as { stdout: Uint8Array; stderr: Uint8Array };
    const bytes = stdout.length + stderr.length;
    return { value, bytes, ...(options.cwd === undefined ? {} : { path: options.cwd }) };
  });
}

/** The first words must be those of an entry of the list: compared as they are, so that no path leads round it. */
function requireAllowed(
  { config, capabilities, template }: HostContext<ExecConfig>,
  program: string,
  words: readonly string[],
): void {
  const called = [program, ...words];
  const isAllowed = config.allow.some((entry) =>
    entry.split(' ').every((word, index) => called[index] === word),
  );
  if (isAllowed) return;
  throw new HostError(
    'EACCES',
    `EACCES: template ${JSON.stringify(template)} does not let ${JSON.stringify(program)} be run with these arguments${cureOf()}`,
    {
      fields: { syscall: 'spawn', path: program },
      denied: true,
    },
  );

  /** No more than was tried: of a program of many parts, such as git, the command alone. */
  function cureOf(): string {
    if (/\s/.test(program)) return '; a program with a space in its name cannot be granted';
    const [first = ''] = words;
    const entry = isCommand(first) ? `${program} ${first}` : program;
    const wanted = grantedAs(capabilities, 'exec', { allow: [...config.allow, entry] });
    return `; to grant it to new sessions: ${grantCommand(template, wanted)}`;
  }
}

/**
 * A script may set what its run has, and what was granted by name though the daemon has no value for it; nothing else:
 * `LD_PRELOAD` is a program of its own.
 */
function requireGranted(
  { environment, template, capabilities }: HostContext<ExecConfig>,
  env: Readonly<Record<string, string>>,
): void {
  const variables = capabilities.filter(({ kind }) => kind === 'env');
  const denied = variables.filter(({ enabled }) => !enabled).map((variable) => variable.name);
  const granted = [...Object.keys(environment()), ...variables.map((variable) => variable.name)];
  const name = Object.keys(env).find((key) => !granted.includes(key) || denied.includes(key));
  if (name === undefined) return;
  if (!/^[A-Za-z_]\w*$/.test(name))
    throw new HostError(
      'ERR_INVALID_ARG_VALUE',
      `exec.run: ${JSON.stringify(name)} is no name of a variable`,
    );
  const variable = { kind: 'env', name } as const;
  const cure = denied.includes(name)
    ? `to deny it to new sessions no longer: ${removalCommand(template, variable)}`
    : `to grant it to new sessions: ${grantCommand(template, variable)}`;
  throw new HostError(
    'EACCES',
    `EACCES: template ${JSON.stringify(template)} does not grant the variable ${JSON.stringify(name)}; ${cure}`,
    { denied: true },
  );
}

function find(program: string): string {
  const candidates = isAbsolute(program)
    ? [program]
    : program.includes('/')
      ? []
      : searchPath.split(':').map((folder) => join(folder, program));
  const found = candidates.find(isProgram);
  if (found !== undefined) return found;
  const fields = { syscall: `spawn ${program}`, path: program, errno: -2 };
  throw new HostError('ENOENT', `spawn ${program} ENOENT: not in ${searchPath}`, { fields, target: program });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Has the real folder while `use` runs: the program is put into what was checked, whatever its name leads to then. */
function inFolder<T>(context: HostContext<ExecConfig>, path: string, use: (folder: string) => T): T {
  const { worktree, template, capabilities, closed } = context;
  if (worktree === undefined) {
    throw new HostError('ENOENT', 'exec.run: the session has no worktree to run programs in', {
      target: path,
    });
  }
  const reach = new Reach({ worktree, write: false, capabilities, closed });
  const place: Place = { reach, base: worktree, template, worktree, module: 'exec', capabilities };
  return withExisting(
    place,
    path,
    { access: 'read', syscall: 'chdir' },
    ({ path: anchored, stat, written }) => {
      if (!stat.isDirectory()) {
        throw new HostError('ENOTDIR', `ENOTDIR: not a directory, chdir '${written}'`, { target: written });
      }
      return use(anchored);
    },
  );
}
