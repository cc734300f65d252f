// A client as an editor's plugin is one: vscode-jsonrpc, unmodified, over the socket (LSP's framing).
// Usage: node examples/clients/editor.mjs [SOCKET]. The daemon must be running.
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import {
  CancellationToken,
  CancellationTokenSource,
  createMessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';

const { VMSYS_SOCKET, XDG_RUNTIME_DIR } = process.env;
const folder = XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, 'vmsys') : `/tmp/vmsys-${process.getuid()}`;
const socket = createConnection(process.argv[2] ?? VMSYS_SOCKET ?? join(folder, 'vmsysd.sock'));
await once(socket, 'connect');
const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));

// With `stream: true` the events of a call come as notifications, before its reply.
let heard = () => {};
connection.onNotification('exec.event', ({ event }) => {
  if (event.type !== 'console') return;
  console.log(`${event.payload.level}: ${event.payload.text}`);
  heard();
});
connection.listen();

const { id: session } = await connection.sendRequest('session.create', {});
// A token is always given: `undefined` in its place would count as a second param, and params be sent as a list.
const evaluate = (code, token = CancellationToken.None) =>
  connection.sendRequest('exec.repl', { session, code, stream: true, onDisconnect: 'cancel' }, token);

const { result } = await evaluate('console.log("hello"); new Map([["answer", 42]])');
console.log(result.preview);

// Cancelling the request interrupts the code; the session stays.
const source = new CancellationTokenSource();
heard = () => source.cancel();
const endless = evaluate('console.log("running"); for (;;);', source.token);
await endless.catch((error) => console.log(`${error.data.code} (${error.code})`));
console.log((await evaluate('1 + 1')).result.json);

await connection.sendRequest('session.delete', { session });
connection.end();
connection.dispose();
