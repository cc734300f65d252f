// What went wrong at the registry, as a LibraryError that says what to do about it.
import { LibraryError, messageOf, systemCode, unavailable } from '../errors.js';

/** Codes of requests that got no answer. */
const unreachable = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EIDLETIMEOUT',
  'ECONNECTIONTIMEOUT',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTCACHED',
  'ENOTFOUND',
  'EPIPE',
  'ERESPONSETIMEOUT',
  'ETIMEDOUT',
  'ETRANSFERTIMEOUT',
  'ERR_SOCKET_TIMEOUT',
]);

/** What a sandbox without a network says of a socket, and others of a file. */
const forbidden = new Set(['EACCES', 'EAFNOSUPPORT', 'EPERM', 'EPROTONOSUPPORT']);
const networkCalls = new Set(['bind', 'connect', 'getaddrinfo', 'socket']);

const full = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EMFILE']);

export const cancelled = (spec: string): LibraryError =>
  new LibraryError('REQUEST_CANCELLED', `library "${spec}": adding it was cancelled`);

/** `doing` is what was being done (`fetching is-odd@3.0.1`); a LibraryError is passed on as it is. */
export function fromNpm(spec: string, doing: string, registry: string, error: unknown): LibraryError {
  if (error instanceof LibraryError) return error;
  const code = systemCode(error) ?? '';
  const message = (problem: string) => `library "${spec}": ${doing}: ${problem}`;
  const options = { cause: error };
  if (unreachable.has(code) || code === 'FETCH_ERROR' || code === 'E503' || isForbidden(code, error)) {
    const cure =
      code === 'ENOTCACHED'
        ? 'npm is set to "offline", and its cache has no copy'
        : `${registry} does not answer (${code})`;
    return unavailable(
      'offline',
      message(`${cure}; libraries that were added before work without it`),
      options,
    );
  }
  switch (code) {
    case 'E404':
      return unavailable(
        'not-found',
        message(`${registry} has no such package, or shows it to others only`),
        options,
      );
    case 'ETARGET':
    case 'ENOVERSIONS':
      return unavailable(
        'not-found',
        message(`${firstLine(error)}; "npm view" lists the versions there are`),
        options,
      );
    case 'E401':
    case 'E403':
    case 'ENEEDAUTH':
      return unavailable(
        'denied',
        message(`${registry} refuses it (${code.slice(1)}); see "npm login"`),
        options,
      );
    case 'EINTEGRITY':
    case 'EMANIFESTMISMATCH':
      return new LibraryError(
        'INTEGRITY_MISMATCH',
        message(`what came is not what the registry says it is: ${firstLine(error)}; nothing of it was used`),
        options,
      );
    case 'ERESOLVE':
      return unavailable(
        'bundle',
        message('its packages want versions of one another that do not fit'),
        options,
      );
    case 'EALLOWGIT':
    case 'EALLOWREMOTE':
    case 'EALLOWFILE':
    case 'EALLOWDIRECTORY':
      return unavailable(
        'bundle',
        message(`${firstLine(error)}: one of its packages is not from the registry`),
        options,
      );
  }
  if (full.has(code)) return unavailable('disk', message(firstLine(error)), options);
  return unavailable('fetch', message(firstLine(error)), options);
}

/** Node names the call; npm's own error for a request that failed has the type "system". */
function isForbidden(code: string, error: unknown): boolean {
  if (!forbidden.has(code) || !(error instanceof Error)) return false;
  const called = 'syscall' in error ? error.syscall : undefined;
  if (typeof called === 'string') return networkCalls.has(called);
  return code === 'EAFNOSUPPORT' || ('type' in error && error.type === 'system');
}

const firstLine = (error: unknown): string => (messageOf(error).split('\n', 1)[0] ?? '').replace(/\.$/, '');
