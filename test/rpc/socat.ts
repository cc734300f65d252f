// One line of JSON from a shell: `printf '{…}' | socat - UNIX-CONNECT:…` prints the reply and ends.
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import t from 'tap';
import { execution, serve } from '../fixtures/rpc.js';
import { until } from '../fixtures/until.js';

const skip = spawnSync('socat', ['-V']).status === 0 ? false : 'socat is not installed';

t.test('socat gets one line for one line, with and without its line end', { skip }, async (t) => {
  const { socketPath, server } = await serve(t, {
    'exec.repl': async ({ code }) => {
      await new Promise(setImmediate);
      return execution(code);
    },
  });
  for (const end of ['\n', '']) {
    // -t: how long socat waits for the reply after the end of its input.
    const socat = spawn('socat', ['-t', '60', '-', `UNIX-CONNECT:${socketPath}`]);
    socat.stdin.end(
      `{"jsonrpc":"2.0","id":1,"method":"exec.repl","params":{"session":"a","code":"1+1"}}${end}`,
    );
    const output = await text(socat.stdout);
    t.equal(output.split('\n').length, 2, 'one line');
    t.match(JSON.parse(output), { jsonrpc: '2.0', id: 1, result: { result: { preview: '1+1' } } });
  }
  await until('the daemon to end the connections', () => server.connectionCount === 0);
});
