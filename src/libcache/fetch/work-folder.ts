// The temporary folder in which a library is put together: one for each, and what a killed process left is removed.
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, unavailable } from '../errors.js';

/** Of processes that cannot be seen from here, as those of a container with the same /tmp: none works that long. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

/** Makes one in `parent`, which it makes as well, for this process; its real path. The caller removes it. */
export async function makeWorkFolder(spec: string, parent: string): Promise<string> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const owner = `${await here()}-${process.pid}-${(await startOf(process.pid)) ?? unknownStart}`;
    return await realpath(await mkdtemp(join(parent, `vmsys-library-${owner}-`)));
  } catch (error) {
    throw unavailable('disk', `library "${spec}": making a folder in ${parent}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Removes what killed processes of this user left in `parent`, and answers its names. Nothing but folders that
 * {@link makeWorkFolder} made is touched; that one cannot be removed is no reason not to go on.
 */
export async function sweepWorkFolders(parent: string): Promise<string[]> {
  const isFolder = await lstat(parent).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  // What a link leads to is not ours to sweep.
  const names = isFolder ? await readdir(parent).catch(() => []) : [];
  const removed: string[] = [];
  for (const name of names) {
    const [, place, pid, start] = /^vmsys-library-(\d+)-(\d+)-(\d+)-\w+$/.exec(name) ?? [];
    if (place === undefined || pid === undefined || start === undefined) continue;
    const folder = join(parent, name);
    try {
      const { uid, mtimeMs } = await lstat(folder);
      const isLeft =
        place === (await here())
          ? !(await isAlive(Number(pid), start))
          : Date.now() - mtimeMs > abandonedAfterMs;
      if (!isLeft || uid !== process.getuid?.()) continue;
      await rm(folder, { recursive: true, force: true });
      removed.push(name);
    } catch {
      // Somebody else was faster.
    }
  }
  return removed;
}

/** The number of the namespace that process ids are of. */
const here = async (): Promise<string> =>
  /\d+/.exec(await readlink('/proc/self/ns/pid').catch(() => '0'))?.[0] ?? '0';

/** A number is given to other processes after a time, a number and a start are not. */
async function isAlive(pid: number, start: string): Promise<boolean> {
  const now = await startOf(pid);
  if (now !== undefined && start !== unknownStart) return now === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Where the system does not say when processes began. */
const unknownStart = '0';

/** When a process began, in ticks since the system did: field 22 of proc(5)'s `stat`. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The second field is a name that may hold anything, but ends with the last parenthesis.
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(22 - 3);
}
