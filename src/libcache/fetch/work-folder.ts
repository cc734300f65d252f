// The temporary folder in which a library is put together: one for each, and what a killed process left is removed.
import { mkdtemp, readdir, readlink, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, unavailable } from '../errors.js';

/** Of processes that cannot be seen from here, as those of a container with the same /tmp: none works that long. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** Makes one in `parent`, for this process; its real path. The caller removes it. */
export async function makeWorkFolder(spec: string, parent: string): Promise<string> {
  try {
    return await realpath(await mkdtemp(join(parent, `vmsys-library-${await here()}-${process.pid}-`)));
  } catch (error) {
    throw unavailable('disk', `library "${spec}": making a folder in ${parent}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Removes what killed processes of this user left in `parent`. That it cannot is no reason not to go on. */
export async function sweepWorkFolders(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const [, place, pid] = /^vmsys-library-(\d+)-(\d+)-\w+$/.exec(name) ?? [];
    if (place === undefined || pid === undefined) continue;
    const folder = join(parent, name);
    try {
      const { uid, mtimeMs } = await stat(folder);
      const isLeft =
        place === (await here()) ? !isAlive(Number(pid)) : Date.now() - mtimeMs > abandonedAfterMs;
      if (isLeft && uid === process.getuid?.()) await rm(folder, { recursive: true, force: true });
    } catch {
      // Somebody else was faster.
    }
  }
}

/** The number of the namespace that process ids are of. */
const here = async (): Promise<string> =>
  /\d+/.exec(await readlink('/proc/self/ns/pid').catch(() => '0'))?.[0] ?? '0';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
