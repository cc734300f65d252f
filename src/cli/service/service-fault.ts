// What keeps a service command from doing its work, with the next step in its message.

/** The host, its systemd, or what is installed there does not allow it. Exit status 5. */
export class ServiceFault extends Error {
  override readonly name = 'ServiceFault';
}
