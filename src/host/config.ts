// The text of the config file to settings. Strict: a key that is not known, or a value that does not fit, is a
// fault named by its path, and the daemon does not start on any.
import { readFileSync } from 'node:fs';
import { isAbsolute, join, normalize } from 'node:path';
import * as z from 'zod';
import { StartError, systemCode } from './errors.js';
import { logFormats, logLevels } from './log-format.js';
import { home, type Env } from './paths.js';
import { peerRules } from './peers.js';

const path = z
  .string()
  .refine(
    (text) => isAbsolute(text) || text.startsWith('~/'),
    'expected an absolute path, or one beginning with "~/"',
  );

/** Everything the file may say. A bound's reason stands beside its default in `settings.ts`. */
export const ConfigFile = z.strictObject({
  socket: path.optional(),
  stateDir: path.optional(),
  cacheDir: path.optional(),
  logLevel: z.enum(logLevels).optional(),
  logFormat: z.enum(logFormats).optional(),
  maxLiveSessions: z.int().min(1).max(1024).optional(),
  spareWorkers: z.int().min(0).max(64).optional(),
  maxConnections: z.int().min(1).max(65_536).optional(),
  maxMessageBytes: z.int().min(1024).max(268_435_456).optional(),
  history: z
    .strictObject({
      maxAgeDays: z.number().positive().max(36_500).optional(),
      maxExecutions: z.int().min(1).max(100_000_000).optional(),
    })
    .optional(),
  saving: z
    .strictObject({
      when: z.enum(['always', 'idle', 'exit']).optional(),
      afterIdleMs: z.int().min(10).max(3_600_000).optional(),
    })
    .optional(),
  hibernateAfterMs: z.int().min(0).max(2_147_483_647).optional(),
  undo: z
    .strictObject({
      executions: z.int().min(0).max(1000).optional(),
      bytes: z.int().min(0).max(4_294_967_296).optional(),
    })
    .optional(),
  shutdownGraceMs: z.int().min(0).max(600_000).optional(),
  idleExitMs: z.int().min(0).max(2_147_483_000).optional(),
  peers: z.enum(peerRules).optional(),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** A config file is read whole before it is parsed; a real one has some hundred bytes. */
const maxConfigBytes = 1024 * 1024;

/** Parses the text of a config file; `file` is for the message. Throws StartError `USAGE` with every fault. */
export function parseConfig(text: string, file: string, env: Env): ConfigFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError('USAGE', `config file ${file} is not JSON: ${reason}`, { cause: error });
  }
  const parsed = ConfigFile.safeParse(json);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${faultPath(issue.path)}: ${issue.message}`);
    throw new StartError(
      'USAGE',
      `config file ${file} does not fit:\n${faults.join('\n')}\nNothing was started; correct the file, or remove it for the defaults.`,
    );
  }
  const { socket, stateDir, cacheDir, ...rest } = parsed.data;
  return {
    ...rest,
    ...(socket === undefined ? {} : { socket: expand(socket, env) }),
    ...(stateDir === undefined ? {} : { stateDir: expand(stateDir, env) }),
    ...(cacheDir === undefined ? {} : { cacheDir: expand(cacheDir, env) }),
  };
}

/** Reads the config file. Where there is none: no settings, or StartError if it was asked for by name. */
export function readConfig(file: string, { required, env }: { required: boolean; env: Env }): ConfigFile {
  let text: string;
  try {
    const bytes = readFileSync(file);
    if (bytes.length > maxConfigBytes) {
      throw new StartError(
        'USAGE',
        `config file ${file} has ${bytes.length} bytes, more than ${maxConfigBytes}`,
      );
    }
    text = bytes.toString('utf8');
  } catch (error) {
    if (error instanceof StartError) throw error;
    const code = systemCode(error);
    if ((code === 'ENOENT' || code === 'ENOTDIR') && !required) return {};
    throw new StartError('USAGE', `config file ${file} cannot be read: ${code ?? String(error)}`, {
      cause: error,
    });
  }
  return parseConfig(text, file, env);
}

const faultPath = (path: readonly PropertyKey[]): string =>
  path.length === 0 ? '(the whole file)' : path.join('.');

const expand = (path: string, env: Env): string =>
  normalize(path.startsWith('~/') ? join(home(env), path.slice(2)) : path);
