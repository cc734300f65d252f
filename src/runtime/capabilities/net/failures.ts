// What went wrong on the network, as an error for the script: with the system's code, and the cure where there is one.
import { HostError } from '../host-module.js';

/** What a sandbox without a network answers: no such sockets, no way out, no names. */
const withoutNetwork = new Set([
  'EAFNOSUPPORT',
  'EPERM',
  'EACCES',
  'ENETUNREACH',
  'ENETDOWN',
  'EAI_AGAIN',
  'EAI_FAIL',
]);
const cure =
  'the daemon has no network here; where systemd runs it, to let it reach the network: vmsys service install --net';

export function failureOf({ origin }: URL, error: unknown): HostError {
  if (error instanceof HostError) return error;
  const { code, message } = parts(error);
  const more = withoutNetwork.has(code) ? `; ${cure}` : '';
  return new HostError(code, `${origin}: ${message}${more}`, { cause: error });
}

/** Of a host with several addresses, each of which failed, the first failure. */
function parts(error: unknown): { code: string; message: string } {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return { code: 'EIO', message: String(first) };
  const { code } = first as NodeJS.ErrnoException;
  return { code: typeof code === 'string' ? code : 'EIO', message: first.message };
}
