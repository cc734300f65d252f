// The fetcher: a spec in, one file of code out, from the registry or from disk. What it uses is loaded by its first use.
import { rm } from 'node:fs/promises';
import type { Fetcher, PreparedLibrary, PrepareHooks, PrepareRequest } from '../fetcher.js';
import { makeWorkFolder, sweepWorkFolders } from './work-folder.js';

export interface FetcherOptions {
  /** Where npm's configuration is looked for, beside ~/.npmrc. Default: the process's environment. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Where packages are unpacked, each library in a folder of its own that is removed at the end. Made where it is missing. */
  temporaryFolder: string;
}

export function createFetcher({ env = process.env, temporaryFolder }: FetcherOptions): Fetcher {
  return {
    sweep: () => sweepWorkFolders(temporaryFolder),
    async prepare(request: PrepareRequest, hooks: PrepareHooks): Promise<PreparedLibrary> {
      const { parseSpec } = await import('./spec.js');
      const wanted = parseSpec(request);
      const { spec, global, dependencies: pinned, bundled = false } = request;
      if (wanted.kind === 'file') {
        const { prepareFromFile } = await import('./local-library.js');
        return await prepareFromFile(wanted.path, global, hooks);
      }
      const { prepareFromNpm } = await import('./npm-library.js');
      const folder = await makeWorkFolder(spec, temporaryFolder);
      try {
        return await prepareFromNpm({ ...wanted, spec, global, pinned, bundled }, folder, env, hooks);
      } finally {
        // What cannot be removed is swept when this process has ended; it is no reason to lose what was made.
        await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
      }
    },
  };
}
