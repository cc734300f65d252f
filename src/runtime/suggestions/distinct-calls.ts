// A ledger into the calls that differ: a script that asks for one thing again and again asks for one thing.
import type { HostCall } from '../../records/index.js';

/** Different calls that are looked at: for their paths the file system is asked on the main thread. */
const mostDistinct = 2_000;

/** `covered`: the calls that `distinct` stands for; the others came after so many different ones. */
export function distinctCalls(calls: readonly HostCall[]): { distinct: HostCall[]; covered: HostCall[] } {
  const first = new Map<string, HostCall>();
  const covered = calls.filter((made) => {
    const { module, call, target, path, write, allowed } = made;
    const key = JSON.stringify([module, call, target, path, write, allowed]);
    if (first.has(key)) return true;
    if (first.size >= mostDistinct) return false;
    first.set(key, made);
    return true;
  });
  return { distinct: [...first.values()], covered };
}
