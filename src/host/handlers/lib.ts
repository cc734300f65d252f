// `lib.*`: the library cache by the names of the wire, and what only the host knows: which templates use a library.
import { LibraryError } from '../../libcache/errors.js';
import { catalog } from '../../libcache/fetch/catalog.js';
import type { CacheHooks, LibraryCache } from '../../libcache/types.js';
import type { Library } from '../../records/index.js';
import { RpcError } from '../../rpc/errors.js';
import type { LibraryItem, ProgressToken } from '../../rpc/methods/lib.js';
import type { Call, Handlers } from '../../rpc/server.js';
import type { Runtime } from '../../runtime/types.js';
import { progressTo } from '../progress.js';
import type { HandlerContext } from './context.js';

type Group = Extract<keyof Handlers, `lib.${string}`>;

const defaultLimit = 50;

export const libHandlers = ({ libraries, runtime }: HandlerContext): Pick<Handlers, Group> => {
  const withUsers = (library: Library): LibraryItem => ({ ...library, usedBy: usersOf(runtime, library.id) });
  return {
    'lib.catalog': () => {
      const present = new Set(libraries.list().map(({ id }) => id));
      return {
        items: catalog.map(({ id, name, version, global, description }) => ({
          ...{ id, name, version, global, description },
          added: present.has(id),
        })),
      };
    },
    'lib.add': ({ progressToken, ...request }, call) =>
      following(call, progressToken, (hooks) => libraries.add(request, hooks)),
    'lib.sync': async ({ progressToken }, call) => ({
      items: await following(call, progressToken, (hooks) => libraries.sync(hooks)),
    }),
    'lib.list': ({ limit = defaultLimit, cursor }) => {
      const all = libraries.list();
      const start = cursor === undefined ? 0 : placeAfter(all, cursor);
      const items = all.slice(start, start + limit).map(withUsers);
      const last = items.at(-1);
      return start + limit < all.length && last !== undefined ? { items, nextCursor: last.id } : { items };
    },
    'lib.get': ({ library }) => withUsers(libraries.get(library)),
    'lib.remove': async ({ library, force = false }) => {
      const id = idOf(libraries, library);
      const users = usersOf(runtime, id);
      if (users.length > 0 && !force) throw inUse(id, users);
      await libraries.remove(id);
      return {};
    },
    'lib.verify': async ({ library }) => ({ items: await libraries.verify(library) }),
  };
};

const stopping = (cause: LibraryError): RpcError =>
  new RpcError('LIBRARY_UNAVAILABLE', 'the daemon is stopping; add the library again when it is back', {
    details: { reason: 'closed' },
    cause,
  });

/** Names of the templates whose current version loads it. */
const usersOf = (runtime: Runtime, id: string): string[] =>
  runtime.libraries
    .users(id)
    .map(({ name }) => name)
    .toSorted();

/** One that was never tried in an engine cannot be got, and no template has it; but it can be removed. */
function idOf(libraries: LibraryCache, library: string): string {
  try {
    return libraries.get(library).id;
  } catch (error) {
    if (error instanceof LibraryError && error.details?.['reason'] === 'unchecked') return library;
    throw error;
  }
}

/** Does what takes long: tells the client how far it is, where it wants that, and ends when the client says so. */
async function following<Result>(
  { signal, connection }: Call,
  token: ProgressToken | undefined,
  work: (hooks: CacheHooks) => Promise<Result>,
): Promise<Result> {
  const progress = token === undefined ? undefined : progressTo(connection, token);
  try {
    return await work({ signal, onProgress: progress?.report });
  } catch (error) {
    if (signal.aborted) throw new RpcError('REQUEST_CANCELLED', 'cancelled by the client', { cause: error });
    // Nobody but the client and the end of the daemon ends it.
    if (error instanceof LibraryError && error.code === 'REQUEST_CANCELLED') throw stopping(error);
    throw error;
  } finally {
    progress?.end();
  }
}

/** A page ends with a library's id; one that was removed since ends no page any more. */
function placeAfter(all: readonly Library[], cursor: string): number {
  const place = all.findIndex(({ id }) => id === cursor);
  if (place !== -1) return place + 1;
  const message = `lib.list: cursor: there is no library ${JSON.stringify(cursor)} any more; list from the beginning`;
  throw new RpcError('VALIDATION_ERROR', message, {
    details: { issues: [{ path: 'cursor', message: 'expected the nextCursor of a page before' }] },
  });
}

function inUse(id: string, users: readonly string[]): RpcError {
  const [one] = users;
  const named =
    users.length === 1
      ? `template "${one}" uses`
      : `templates ${users.map((name) => `"${name}"`).join(', ')} use`;
  const hint = `take it from there (vmsys template remove-library ${one} ${id}), or remove it even so (--force)`;
  return new RpcError('LIBRARY_IN_USE', `library "${id}" is not removed: ${named} it; ${hint}`, {
    details: { library: id, templates: users },
  });
}
