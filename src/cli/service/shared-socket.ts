// Where the service of a group listens. The path is that of contrib/systemd/vmsysd@.socket.

/** The socket of the service that the members of `group` share. */
export const sharedSocketPath = (group: string): string => `/run/vmsys/${group}/vmsysd.sock`;

/** Whose service a path belongs to; undefined for any other path. */
export const groupOfSocket = (socketPath: string): string | undefined =>
  /^\/run\/vmsys\/([A-Za-z_][\w-]*)\/vmsysd\.sock$/.exec(socketPath)?.[1];
