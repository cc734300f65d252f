// What the library cache refuses to do: one error class with a closed set of codes, the same names as on the wire.

export type LibraryErrorCode =
  | 'VALIDATION_ERROR'
  | 'LIBRARY_NOT_FOUND'
  | 'FILE_NOT_FOUND'
  | 'NAME_TAKEN'
  | 'OVERLOADED'
  | 'REQUEST_CANCELLED'
  | 'INVALID_PATH'
  | 'INTEGRITY_MISMATCH'
  | 'LIBRARY_UNAVAILABLE';

/** Why a library is unavailable: `details.reason` of every LIBRARY_UNAVAILABLE. */
export type UnavailableReason =
  /** The registry cannot be reached. */
  | 'offline'
  /** Npm's configuration cannot be read: which registry is the user's is not known. */
  | 'config'
  /** The registry has no such package, version or tag. */
  | 'not-found'
  /** The registry wants other credentials. */
  | 'denied'
  /** Fetching failed in another way. */
  | 'fetch'
  /** It cannot be made into one file. */
  | 'bundle'
  /** The engine cannot evaluate it. */
  | 'not-loadable'
  /** It is larger than a library may be. */
  | 'too-large'
  /** The cache folder cannot be written or read. */
  | 'disk'
  /** Its file is gone from the cache. */
  | 'missing'
  /** It was fetched where there is no engine, and has not been tried in one yet. */
  | 'unchecked'
  /** The manifest is damaged, or from a newer version. */
  | 'manifest'
  /** Another process keeps the manifest locked. */
  | 'locked'
  /** The cache is closing. */
  | 'closed';

/** Thrown for a request that does not become what it asked for. */
export class LibraryError extends Error {
  override readonly name = 'LibraryError';
  readonly code: LibraryErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: LibraryErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }
}

/** A LIBRARY_UNAVAILABLE with its reason. */
export const unavailable = (
  reason: UnavailableReason,
  message: string,
  options: { details?: Record<string, unknown>; cause?: unknown } = {},
): LibraryError =>
  new LibraryError('LIBRARY_UNAVAILABLE', message, { ...options, details: { ...options.details, reason } });

/** The `details.reason` of a LIBRARY_UNAVAILABLE. */
export const reasonOf = (error: unknown): unknown =>
  error instanceof LibraryError && error.code === 'LIBRARY_UNAVAILABLE'
    ? error.details?.['reason']
    : undefined;

/** There may be such a package, but not for this process. */
export const isOutOfReach = (error: unknown): boolean => {
  const reason = reasonOf(error);
  return reason === 'offline' || reason === 'config';
};

const passing: readonly unknown[] = [
  'offline',
  'config',
  'disk',
  'manifest',
  'locked',
] satisfies UnavailableReason[];

/** Whether the same may work at another time: the error speaks of room, locks or the network, not of a library. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof LibraryError)) return true; // of the system, or of whoever tries libraries
  if (error.code !== 'LIBRARY_UNAVAILABLE') return error.code === 'OVERLOADED';
  return passing.includes(reasonOf(error));
}

/** The `code` of an error of the system (`ENOENT`, `ENOSPC`, …), where it is one. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The error's message, or whatever else was thrown as a text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
