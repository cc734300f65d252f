// A socket's errors become the four that a client can meet, each with what to do about it.

/** `missing`: no socket there; `refused`: nobody listens; `forbidden`: not ours; `lost`: it was there and went away. */
export type ConnectionErrorKind = 'missing' | 'refused' | 'forbidden' | 'lost';

const advice =
  'vmsys starts a daemon by itself, unless --no-start forbids it; under systemd "vmsys service doctor" says why none runs';

export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly kind: ConnectionErrorKind;
  readonly socketPath: string;

  constructor(
    kind: ConnectionErrorKind,
    socketPath: string,
    message: string,
    options: { cause?: unknown } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.socketPath = socketPath;
  }
}

/** What connecting to `socketPath` failed with; the code is one of connect(2). */
export function connectFailed(socketPath: string, cause: unknown): ConnectionError {
  const code = codeOf(cause);
  const as = (kind: ConnectionErrorKind, message: string) =>
    new ConnectionError(kind, socketPath, `connecting to ${socketPath}: ${message}`, { cause });
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return as('missing', `there is no such socket; ${advice}`);
    case 'ECONNREFUSED':
      return as('refused', `nothing listens there, the daemon that made it is gone; ${advice}`);
    case 'EAGAIN':
      return as('refused', 'the daemon accepts no more connections at the moment; try again');
    case 'EACCES':
    case 'EPERM':
      return as(
        'forbidden',
        'permission denied; the socket belongs to another user, choose yours with --socket',
      );
    default:
      return as('refused', `${code ?? String(cause)}; check that the path names a Unix socket of vmsysd`);
  }
}

/** A connection that ended while it was in use. */
export function connectionLost(socketPath: string, reason: string, cause?: unknown): ConnectionError {
  const message = `the connection to ${socketPath} ended: ${reason}`;
  return new ConnectionError('lost', socketPath, message, cause === undefined ? {} : { cause });
}

/** `ECONNRESET` and the like, where the error has one. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
