// Everything that a program started, and what that started, found and ended: by its group, by its parents, and by a
// mark in its environment that its descendants inherit, wherever they moved.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The variable of the mark. */
export const markName = 'VMSYS_EXEC';

/** Looks until nothing new turns up, for at most so many rounds: a program that forks is stopped before it is ended. */
const greatestRounds = 200;
const betweenRoundsMs = 5;

/** Ends a program's whole family. Resolves once none of it is found any more. */
export async function endFamily(root: number, mark: string): Promise<void> {
  for (let round = 0; round < greatestRounds; round++) {
    // At once and all together: what stays in the group cannot fork faster than it is looked for. Not ended yet, for
    // those that left it are found by their parents.
    send(-root, 'SIGSTOP');
    const family = findFamily(root, mark);
    // One that is stopped starts no others while they are looked for.
    for (const pid of family) send(pid, 'SIGSTOP');
    for (const pid of family) send(pid, 'SIGKILL');
    if (family.length === 0) return;
    await sleep(betweenRoundsMs);
  }
}

function findFamily(root: number, mark: string): number[] {
  const entry = `${markName}=${mark}`;
  const parents = new Map<number, number>();
  const found = new Set<number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const stat = readStat(pid);
    if (stat === undefined || stat.isDead) continue;
    parents.set(pid, stat.parent);
    if (pid === root || stat.group === root || isMarked(pid, entry)) found.add(pid);
  }
  // Children of what was found, and theirs: one that cleared its environment still has its parent.
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

interface Stat {
  parent: number;
  group: number;
  /** A zombie: it only waits for its parent to notice. */
  isDead: boolean;
}

function readStat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name, in parentheses, may hold anything.
  const [state, parent, group] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(parent), group: Number(group), isDead: state === 'Z' || state === 'X' };
}

const isMarked = (pid: number, entry: string): boolean =>
  read(`/proc/${pid}/environ`)?.split('\0').includes(entry) ?? false;

/** Undefined for one that is gone, or another user's. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
