// A question to the daemon at a socket, bounded: a service that cannot start leaves its callers waiting in the queue.
import { statSync } from 'node:fs';
import { connect, RpcError } from '../../rpc/client.js';
import type { MethodResult } from '../../rpc/methods/index.js';

export type Info = MethodResult<'system.info'>;
export type Summary = MethodResult<'system.summary'>;

/** A cold start takes a quarter of a second; a busy machine and some failed attempts are allowed for. */
const answerMs = 20_000;

/** A daemon that cannot start tells whoever asks why. */
export interface Refusal {
  refusal: string;
}

/** What the daemon says of itself; undefined where none does in time. It is not started for that, but systemd may. */
export async function infoAt(
  socketPath: string,
  signal: AbortSignal,
  patienceMs?: number,
): Promise<Info | undefined> {
  const answer = await ask(socketPath, signal, patienceMs);
  return answer !== undefined && 'info' in answer ? answer.info : undefined;
}

/** As infoAt, with the sessions that it has, or with the reason that it gives for not serving. */
export async function ask(
  socketPath: string,
  signal: AbortSignal,
  patienceMs = answerMs,
): Promise<{ info: Info; summary: Summary } | Refusal | undefined> {
  // Not AbortSignal.any with AbortSignal.timeout: in Node 20 the latter may be collected, and then never fires.
  const patience = new AbortController();
  const giveUp = (): void => patience.abort();
  const timer = setTimeout(giveUp, patienceMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    const client = await inGroupOf(socketPath, () => connect(socketPath, { signal: patience.signal }));
    // A call in the queue of a daemon that never starts is answered by the end of its connection.
    patience.signal.addEventListener('abort', () => void client.close(), { once: true });
    try {
      return { info: await client.call('system.info', {}), summary: await client.call('system.summary', {}) };
    } finally {
      await client.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof RpcError ? { refusal: error.message } : undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}

/** A shared daemon serves the members of its group, of which root is none: it borrows the socket's group to ask. */
async function inGroupOf<Value>(socketPath: string, connecting: () => Promise<Value>): Promise<Value> {
  const own = process.getegid?.();
  const group = statSync(socketPath, { throwIfNoEntry: false })?.gid ?? own;
  if (process.geteuid?.() !== 0 || own === undefined || group === undefined || group === own)
    return connecting();
  process.setegid?.(group);
  try {
    return await connecting();
  } finally {
    process.setegid?.(own);
  }
}
