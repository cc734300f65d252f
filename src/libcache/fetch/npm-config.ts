// The user's npm configuration as options for npm's libraries: ~/.npmrc, the global npmrc and npm_config_* variables.
import { access, constants, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import { messageOf, systemCode, unavailable } from '../errors.js';
import { registryIdleMs, registryRetries, registryRetryWaitMs } from './bounds.js';

/** What npm's libraries take, beside what is named here: registries of scopes, tokens, proxies, certificates. */
export interface NpmOptions {
  registry: string;
  /** The folder of npm's cache. */
  cache: string;
  [option: string]: unknown;
}

const Flat = z.looseObject({
  registry: z.string(),
  cache: z.string(),
  timeout: z.number().catch(registryIdleMs),
  retry: z.looseObject({ retries: z.number() }).catch({ retries: registryRetries }),
});

/**
 * Reads it anew, so that a token that was just written holds. The `.npmrc` of a project is not read: whose it would be
 * depended on where the daemon was started. Nothing in it can make a package's script run. What is downloaded goes
 * through npm's own cache, or through `otherCache` where that cannot be written to.
 */
export async function readNpmConfig(
  env: Readonly<Record<string, string | undefined>>,
  otherCache: string,
): Promise<NpmOptions> {
  const [{ default: Config }, { default: known }] = await Promise.all([
    import('@npmcli/config'),
    import('@npmcli/config/lib/definitions/index.js'),
  ]);
  const config = new Config({
    ...known,
    npmPath: resolve(dirname(process.execPath), '../lib/node_modules/npm'),
    // "global" is how npm says: without a project.
    argv: [process.execPath, 'npm', '--global'],
    // It writes what it finds into its environment.
    env: { ...env },
    cwd: homedir(),
  });
  try {
    await config.load();
  } catch (error) {
    throw unavailable('fetch', `reading npm's configuration: ${messageOf(error)}; see "npm config list"`, {
      cause: error,
    });
  }
  refuseUnread(config.data.get('user'));
  const options = Flat.parse(config.flat);
  return {
    ...options,
    cache: (await isWritable(options.cache)) ? options.cache : otherCache,
    timeout: Math.min(options.timeout, registryIdleMs),
    retry: {
      retries: Math.min(options.retry.retries, registryRetries),
      minTimeout: registryRetryWaitMs,
      maxTimeout: registryRetryWaitMs,
    },
    ...safely,
  };
}

/** Without the user's own, another registry would be asked for packages that are private: anybody may have put some there. */
function refuseUnread(user: { source?: unknown; loadError?: unknown } | undefined): void {
  const error = user?.loadError;
  if (error === undefined || error === null || systemCode(error) === 'ENOENT') return;
  throw unavailable(
    'config',
    `npm's configuration ${String(user?.source)} cannot be read (${messageOf(error)}), and it may name another registry; ` +
      'libraries that were added before work without it',
    { cause: error },
  );
}

/** What no configuration may change. */
const safely = {
  global: false,
  ignoreScripts: true,
  dryRun: false,
  audit: false,
  packageLock: false,
  save: false,
  omit: ['dev'],
  include: [],
  // A dependency that is no registry's package would come without an integrity.
  allowGit: 'none',
  allowRemote: 'none',
  allowFile: 'none',
  allowDirectory: 'none',
};

async function isWritable(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
