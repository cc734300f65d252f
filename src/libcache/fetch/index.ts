// The fetcher: a spec in, one file of code out, from the registry or from disk. What it uses is loaded by its first use.
import { mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, unavailable } from '../errors.js';
import type { Fetcher, PreparedLibrary, PrepareHooks, PrepareRequest } from '../fetcher.js';

export interface FetcherOptions {
  /** Where npm's configuration is looked for, beside ~/.npmrc. Default: the process's environment. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Where packages are unpacked, each library in a folder of its own that is removed at the end. Default: the system's. */
  temporaryFolder?: string;
}

/** Folders of ours that are older were left by a process that was killed. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;
const prefix = 'vmsys-library-';

export function createFetcher(options: FetcherOptions = {}): Fetcher {
  const { env = process.env, temporaryFolder = tmpdir() } = options;
  let swept: Promise<void> | undefined;
  return {
    async prepare(request: PrepareRequest, hooks: PrepareHooks): Promise<PreparedLibrary> {
      const { parseSpec } = await import('./spec.js');
      const wanted = parseSpec(request);
      const { spec, global, dependencies: pinned } = request;
      if (wanted.kind === 'file') {
        const { prepareFromFile } = await import('./local-library.js');
        return await prepareFromFile(wanted.path, global, hooks);
      }
      const { prepareFromNpm } = await import('./npm-library.js');
      swept ??= sweep(temporaryFolder);
      await swept;
      const folder = await makeFolder(spec, temporaryFolder);
      try {
        return await prepareFromNpm({ ...wanted, spec, global, pinned }, folder, env, hooks);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function makeFolder(spec: string, parent: string): Promise<string> {
  try {
    return await realpath(await mkdtemp(join(parent, prefix)));
  } catch (error) {
    throw unavailable('disk', `library "${spec}": making a folder in ${parent}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Removes what a killed process left. That it cannot is no reason not to go on. */
async function sweep(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((one) => one.startsWith(prefix))) {
    const folder = join(parent, name);
    try {
      const { uid, mtimeMs } = await stat(folder);
      const isOld = Date.now() - mtimeMs > abandonedAfterMs;
      if (isOld && uid === process.getuid?.()) await rm(folder, { recursive: true, force: true });
    } catch {
      // Somebody else was faster.
    }
  }
}
