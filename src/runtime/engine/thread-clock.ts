// The CPU time of a thread, from the kernel's account of it (proc(5), /proc/PID/schedstat).
import { openSync, readFileSync, readlinkSync, readSync } from 'node:fs';

const buffer = Buffer.alloc(64);
let own: number | undefined;

/** CPU time the calling thread has used, milliseconds; `undefined` where the kernel does not say. */
export function threadCpuMs(): number | undefined {
  try {
    own ??= openSync('/proc/thread-self/schedstat', 'r');
    return parse(buffer.toString('latin1', 0, readSync(own, buffer, 0, buffer.length, 0)));
  } catch {
    return undefined;
  }
}

/** The calling thread's id, for {@link cpuMsOfThread} in another thread of this process. */
export function threadId(): number | undefined {
  try {
    return Number(/[0-9]+$/.exec(readlinkSync('/proc/thread-self'))?.[0]);
  } catch {
    return undefined;
  }
}

/** CPU time that a thread of this process has used, milliseconds; `undefined` where it is gone or unknown. */
export function cpuMsOfThread(id: number): number | undefined {
  try {
    return parse(readFileSync(`/proc/self/task/${id}/schedstat`, 'latin1'));
  } catch {
    return undefined;
  }
}

function parse(text: string): number | undefined {
  const nanoseconds = Number.parseInt(text, 10);
  return Number.isNaN(nanoseconds) ? undefined : nanoseconds / 1e6;
}
