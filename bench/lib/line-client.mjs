// The plainest client there is: JSON-RPC on one line each over a Unix socket, by node:net alone.
import { connect } from 'node:net';

/**
 * @typedef {{ id: number, result?: any, error?: { message: string } }} Reply
 * @typedef {{ call: (method: string, params?: object) => Promise<any>, close: () => void }} LineClient
 */

/**
 * Connects, or rejects with the system's error.
 * @param {string} path
 * @returns {Promise<LineClient>}
 */
export function connectLines(path) {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    /** @type {Map<number, { method: string, resolve: (result: any) => void, reject: (error: Error) => void }>} */
    const waiting = new Map();
    let rest = '';
    let lastId = 0;
    const fail = (/** @type {Error} */ error) => {
      reject(error);
      for (const { reject: rejectCall } of waiting.values()) rejectCall(error);
      waiting.clear();
    };
    socket.setEncoding('utf8');
    socket.once('error', fail);
    socket.once('close', () => fail(new Error(`${path}: the connection ended`)));
    socket.on('data', (chunk) => {
      rest += chunk;
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
        /** @type {Reply} */
        const reply = JSON.parse(rest.slice(0, end));
        rest = rest.slice(end + 1);
        const call = waiting.get(reply.id);
        waiting.delete(reply.id);
        if (reply.error === undefined) call?.resolve(reply.result);
        else call?.reject(new Error(`${call.method}: ${reply.error.message}`));
      }
    });
    socket.once('connect', () =>
      resolve({
        call: (method, params = {}) =>
          new Promise((resolveCall, rejectCall) => {
            const id = ++lastId;
            waiting.set(id, { method, resolve: resolveCall, reject: rejectCall });
            socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
          }),
        close: () => socket.destroy(),
      }),
    );
  });
}
