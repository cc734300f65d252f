// What the daemon could not fetch, fetched by this process into the same cache folder: a daemon in a sandbox has no
// network and its own /tmp, the person who asks has both. Nothing is evaluated here: the daemon tries it afterwards.
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { LibraryCache, Progress } from '../../libcache/types.js';
import type { Library } from '../../records/index.js';
import { RpcError, type Client } from '../../rpc/client.js';
import type { Context } from '../context.js';

/** What a library is asked for by. */
export interface Wanted {
  spec: string;
  global?: string | undefined;
  entry?: string | undefined;
}

export interface Help {
  context: Context;
  client: Client;
  onProgress: (progress: Progress) => void;
  /** Tells whoever asked something that they should know. */
  note: (text: string) => void;
}

/** Adds what the daemon could not, because of `fault`; throws `fault` where this process can do no more. */
export async function addHere(fault: unknown, wanted: Wanted, help: Help): Promise<Library> {
  const isUnseen = isUnseenFile(fault, wanted.spec);
  if (!isOutOfReach(fault) && !isUnseen) throw fault;
  const library = await withCache(fault, help, (cache, hooks) => cache.add(wanted, hooks));
  if (isUnseen) help.note(`the daemon does not see ${wanted.spec}: after a change of it, add it again`);
  return library;
}

/** Where the daemon could not load it (`refusal`): a package's script for browsers may need a page, its modules not. */
export async function bundleHere(
  refusal: unknown,
  { id, source }: Library,
  wanted: Wanted,
  help: Help,
): Promise<Library> {
  if (reasonOf(refusal) !== 'not-loadable' || !source.startsWith('npm:')) throw refusal;
  const again = { ...wanted, spec: id, bundled: true };
  return withCache(refusal, help, (cache, hooks) => cache.add(again, hooks));
}

/** The same for the libraries of the catalogue. */
export async function syncHere(fault: unknown, help: Help): Promise<Library[]> {
  if (!isOutOfReach(fault)) throw fault;
  return withCache(fault, help, (cache, hooks) => cache.sync(hooks));
}

const reasonOf = (error: unknown): unknown =>
  error instanceof RpcError && error.code === 'LIBRARY_UNAVAILABLE' ? error.details?.['reason'] : undefined;

/** It has no network, or may not read how this user reaches the registry. */
const isOutOfReach = (fault: unknown): boolean => ['offline', 'config'].includes(String(reasonOf(fault)));

/** A daemon with a /tmp of its own says that there is no such file. */
const isUnseenFile = (fault: unknown, spec: string): boolean =>
  fault instanceof RpcError &&
  (fault.code === 'FILE_NOT_FOUND' || fault.code === 'INVALID_PATH') &&
  isAbsolute(spec) &&
  existsSync(spec);

type Hooks = Parameters<LibraryCache['sync']>[0];

async function withCache<Result>(
  fault: unknown,
  { context, client, onProgress }: Help,
  work: (cache: LibraryCache, hooks: Hooks) => Promise<Result>,
): Promise<Result> {
  const { signal } = context;
  const { libraryPath: folder } = await client.call('system.info', {}, { signal });
  if (!isOurs(folder)) throw fault;
  const { LibraryError, openLibraryCache } = await import('../../libcache/index.js');
  const cache = await openLibraryCache({ folder });
  try {
    return await work(cache, { signal, onProgress });
  } catch (error) {
    if (signal.aborted) throw new RpcError('REQUEST_CANCELLED', 'cancelled', { cause: error });
    if (!(error instanceof LibraryError)) throw error;
    const { code, message, details } = error;
    const own = new RpcError(code, message, { cause: error, ...(details === undefined ? {} : { details }) });
    // With no network here either, what the daemon said is what there is to say.
    throw reasonOf(own) === 'offline' ? fault : own;
  } finally {
    await cache.close();
  }
}

/** A folder that belongs to this user, who may write to it: the daemon's own may be another's, or not seen from here. */
function isOurs(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).uid === process.getuid?.();
  } catch {
    return false;
  }
}
