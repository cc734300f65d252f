// What the method table cannot say: how bytes become messages, and the rules that hold for every call.

const mib = (bytes) => `${bytes / 1024 / 1024} MiB`;

/** `limits` are the bounds of the code, so that this page and the daemon name the same numbers. */
export const transport = (limits) => `## Transport

The daemon speaks JSON-RPC 2.0 over a Unix stream socket, and over nothing else. The socket is \`--socket PATH\`, else
\`$VMSYS_SOCKET\`, else \`$XDG_RUNTIME_DIR/vmsys/vmsysd.sock\`, else \`/tmp/vmsys-$UID/vmsysd.sock\`. Where
\`$XDG_RUNTIME_DIR\` is not set, as under cron, \`/run/user/$UID\` is taken for it if it is the user's. The socket's folder
has the mode \`0700\`, the socket \`0600\`: the permissions of the file are the authentication. Where the kernel says who
is at the other end, connections of other users are closed even so, those of root as well; \`--peers group\` lets the
members of the daemon's group in.

### Framing

The first byte that is not blank decides for the whole connection:

- \`{\` or \`[\`: one message on each line, one reply on each line;
- anything else: the base protocol of LSP, \`Content-Length: N\`, an empty line, and N bytes of UTF-8. Lines end in CRLF.

A line that is no JSON is answered with \`PARSE_ERROR\`, and the next line counts. A header that is wrong, or a message
over ${mib(limits.message)}, leaves it open where the next message begins: it is answered with an error whose id is
\`null\`, and the connection is closed. A client that ends its side of the connection still gets the replies to what it
sent; a last line may lack its line end.

### Requests

- \`params\` is an object. A param that a method does not know is refused with \`VALIDATION_ERROR\`: typos are caught early.
  \`details.issues\` holds every fault as \`{path, message}\`. No params, \`null\` and \`{}\` are the same.
- An id is a string, a number or \`null\`. It must not be in use by a request that is not answered yet.
- Replies may come in another order than their requests. Each request has exactly one.
- A batch is answered by one array when all of its requests are done. It may hold ${limits.requests} requests.
- A connection may have ${limits.requests} requests in flight, and the daemon ${limits.connections} connections; beyond, the answer is \`OVERLOADED\`.
- The notification \`$/cancelRequest {id}\` cancels a request of the same connection: a running execution is interrupted,
  and the request is answered with \`REQUEST_CANCELLED\`. Other notifications that begin with \`$/\` are ignored.
- A request that may take long takes a \`progressToken\`, a string or number of the client's choice. With one, \`$/progress\`
  notifications with that token come before the reply.

### Slow readers

Replies are always sent. While more than ${mib(limits.outbound)} waits for a client to read, the daemon reads nothing more from it and
sends it no events. Once it has read everything, it gets one \`exec.missed\` for each execution, with the number of the
first event that it missed; then events come again. Read what lies between with \`exec.events\`. Of a session, only the
latest \`session.changed\` is sent, of a library the latest \`lib.changed\`; progress that was missed is not told again. A
client that misses ${limits.missed} executions without reading is cut off.

### When the daemon leaves

The daemon leaves when it is told to, and, where systemd listens for it, when nobody was connected for a while: the next
connection starts it again. Before it leaves it sends the notification \`$/goaway {}\` on each connection and goes on
answering. Send what is new on a new connection: it waits in the socket's queue, and the next daemon answers it. Close the
old one once your calls on it are answered; nothing is lost then. (One that has not said anything yet is told after its
first message.) A client that does not know the word is ended after a second without a call, or after
\`shutdownGraceMs\` (5 seconds), when what still runs is cancelled.

Subscriptions end with their connection. A connection that ends without a reply says nothing about the call: repeat it
where its description says that it may be, or where the request was not sent. Where connecting fails with \`EAGAIN\`
the queue is full: try again shortly. The client of this package (\`vmsysd/client\`) does all this by itself.

### Example

A client sends these lines, each after the reply to the one before:

\`\`\`json
{"jsonrpc": "2.0", "id": 1, "method": "session.create", "params": {"name": "demo"}}
{"jsonrpc": "2.0", "id": 2, "method": "exec.repl", "params": {"session": "demo", "code": "1 + 1"}}
{"jsonrpc": "2.0", "id": 3, "method": "session.get", "params": {"session": "other"}}
\`\`\`

The replies to the last two, the first of them without its times, metrics and events:

\`\`\`json
{"jsonrpc": "2.0", "id": 2, "result": {"id": "exe_0123456789abcdef", "sessionId": "ses_0123456789abcdef", "kind": "repl", "code": "1 + 1", "status": "ok", "state": "kept", "result": {"type": "number", "preview": "2", "json": 2}}}
{"jsonrpc": "2.0", "id": 3, "error": {"code": 1002, "message": "no session has the id or name \\"other\\"", "data": {"code": "SESSION_NOT_FOUND"}}}
\`\`\`

Times are ISO 8601 in UTC, durations milliseconds, sizes bytes unless the name says otherwise. A \`?\` marks what may be absent.
Wherever a template or a session is asked for, its id or its unique name serves.`;
