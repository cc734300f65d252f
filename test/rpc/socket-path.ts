// Environment to socket path.
import t from 'tap';
import { checkedSocketPath, defaultSocketPath, maxSocketPathBytes } from '#src/rpc/socket-path.js';

t.test('VMSYS_SOCKET comes first, then the runtime folder, then /tmp', async (t) => {
  const env = { VMSYS_SOCKET: '/a/s', XDG_RUNTIME_DIR: '/run/user/7' };
  t.equal(defaultSocketPath(env, 7), '/a/s');
  t.equal(defaultSocketPath({ XDG_RUNTIME_DIR: '/run/user/7' }, 7), '/run/user/7/vmsys/vmsysd.sock');
  t.equal(defaultSocketPath({}, 7), '/tmp/vmsys-7/vmsysd.sock');
});

t.test('an empty variable is none, and a relative runtime folder is ignored', async (t) => {
  t.equal(defaultSocketPath({ VMSYS_SOCKET: '', XDG_RUNTIME_DIR: 'run' }, 7), '/tmp/vmsys-7/vmsysd.sock');
});

t.test('a path is made absolute, and refused where the kernel could not hold it', async (t) => {
  t.equal(checkedSocketPath('/a/../b'), '/b');
  t.equal(defaultSocketPath({ VMSYS_SOCKET: 's' }, 7), `${process.cwd()}/s`);
  const longest = `/${'é'.repeat((maxSocketPathBytes - 1) / 2)}`;
  t.equal(checkedSocketPath(longest), longest);
  t.throws(() => checkedSocketPath(`${longest}x`), { message: /has 108 bytes.* at most 107/ });
});
