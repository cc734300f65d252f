// Three calls of the C library that Node has no word for: a datagram to a Unix socket, who is at the other end of a
// connection, and what a descriptor is that was inherited. Nothing else in the daemon calls C.
//
// koffi does it, pinned exactly. An addon of our own would load in 0.5 ms instead of 7 and take no memory instead of
// 4 to 9 MB; but it must be compiled where it is installed, or prebuilt for each kind of machine, and `npm ci
// --ignore-scripts` would leave a daemon that systemd takes for dead. 7 ms are 3 % of a cold start. It is loaded
// when it is first needed: before the socket is listened on, and under systemd before the database is opened.

/** Who is at the other end, as the kernel knew it when they connected (unix(7), SO_PEERCRED and SO_PEERGROUPS). */
export interface PeerCredentials {
  /** May be another process by now: for the log only. */
  pid: number;
  uid: number;
  /** The group, and the supplementary groups. */
  groups: number[];
}

export interface SocketFacts {
  isListeningUnixStream: boolean;
  /** The path it is bound to; for a name in the abstract namespace, with `@` in place of NUL. */
  path: string | undefined;
}

export interface Native {
  /** Sends one datagram without waiting; answers 0, or the errno. A name that begins with `@` is an abstract one. */
  sendDatagram(socketName: string, text: string): number;
  /** `undefined` where the kernel does not say. */
  peerOf(descriptor: number): PeerCredentials | undefined;
  socketFacts(descriptor: number): SocketFacts;
}

/** Where `SOL_SOCKET` is 1, `SO_PEERCRED` 17 and so on; a few others number them differently. */
const architectures = new Set(['x64', 'arm64', 'riscv64', 'loong64', 'arm', 'ia32']);

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_PEERCRED = 17;
const SO_ACCEPTCONN = 30;
const SO_DOMAIN = 39;
const SO_PEERGROUPS = 59;
const ERANGE = 34;
/** NGROUPS_MAX of Linux, four bytes each. */
const mostGroupBytes = 65_536 * 4;
/** `struct sockaddr_un`: the family, and a path of 108 bytes. */
const addressBytes = 110;

type Foreign = (...args: unknown[]) => unknown;

let loaded: Promise<Native> | undefined;

/** Loads the library, once. Rejects where there is none for this machine. */
export const loadNative = (): Promise<Native> => (loaded ??= load());

async function load(): Promise<Native> {
  if (process.platform !== 'linux' || !architectures.has(process.arch)) {
    throw new Error(`the socket options of ${process.platform} on ${process.arch} are not known here`);
  }
  const { default: koffi } = await import('koffi');
  const library = koffi.load(null);
  const socket = library.func('int socket(int, int, int)');
  const sendto = library.func('intptr_t sendto(int, const void *, size_t, int, const void *, uint32_t)');
  const getsockopt = library.func('int getsockopt(int, int, int, void *, void *)');
  const getsockname = library.func('int getsockname(int, void *, void *)');
  const option = (descriptor: number, name: number, size: number) =>
    readOption(getsockopt, () => koffi.errno(), descriptor, name, size);
  const number = (descriptor: number, name: number) => option(descriptor, name, 4)?.readInt32LE();

  let datagrams = -1;
  return {
    sendDatagram: (socketName, text) => {
      // It fails where there are no descriptors left, which may pass.
      if (datagrams < 0) datagrams = call(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (datagrams < 0) return koffi.errno();
      const address = addressOf(socketName);
      const bytes = Buffer.from(text);
      const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
      const sent = call(sendto, datagrams, bytes, bytes.length, flags, address, address.length);
      return sent === bytes.length ? 0 : koffi.errno();
    },
    peerOf: (descriptor) => {
      const credentials = option(descriptor, SO_PEERCRED, 12);
      if (credentials === undefined) return undefined;
      const others = option(descriptor, SO_PEERGROUPS, 256) ?? Buffer.alloc(0);
      const groups = [credentials.readUInt32LE(8)];
      for (let at = 0; at < others.length; at += 4) groups.push(others.readUInt32LE(at));
      return { pid: credentials.readInt32LE(0), uid: credentials.readUInt32LE(4), groups };
    },
    socketFacts: (descriptor) => {
      const address = Buffer.alloc(addressBytes);
      const length = lengthOf(addressBytes);
      const isNamed = call(getsockname, descriptor, address, length) === 0;
      return {
        isListeningUnixStream:
          number(descriptor, SO_DOMAIN) === AF_UNIX &&
          number(descriptor, SO_TYPE) === SOCK_STREAM &&
          number(descriptor, SO_ACCEPTCONN) === 1,
        path: isNamed ? pathIn(address.subarray(2, length.readUInt32LE())) : undefined,
      };
    },
  };
}

/** All of them are declared as numbers above. */
const call = (f: Foreign, ...args: readonly (number | Buffer)[]): number => Number(f(...args));

/** The option's bytes; `undefined` where it cannot be read. Only a list of groups is ever longer than `size`. */
function readOption(
  getsockopt: Foreign,
  errno: () => number,
  descriptor: number,
  name: number,
  size: number,
): Buffer | undefined {
  const value = Buffer.alloc(size);
  const length = lengthOf(size);
  if (call(getsockopt, descriptor, SOL_SOCKET, name, value, length) === 0) {
    return value.subarray(0, length.readUInt32LE());
  }
  if (errno() !== ERANGE || size >= mostGroupBytes) return undefined;
  return readOption(getsockopt, errno, descriptor, name, mostGroupBytes);
}

function lengthOf(size: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(size);
  return length;
}

/** `struct sockaddr_un` of a name. An abstract one has no NUL at its end: each byte counts. */
function addressOf(socketName: string): Buffer {
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  const name = socketName.startsWith('@') ? `\0${socketName.slice(1)}` : `${socketName}\0`;
  return Buffer.concat([family, Buffer.from(name)]);
}

function pathIn(name: Buffer): string | undefined {
  if (name.length === 0) return undefined;
  if (name[0] === 0) return `@${name.toString('utf8', 1)}`;
  const end = name.indexOf(0);
  return name.toString('utf8', 0, end === -1 ? name.length : end);
}
