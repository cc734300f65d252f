// Everything that a program started, and what that started, found and ended: by its group, by its parents, and by a
// mark in its environment that its descendants inherit, wherever they moved.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** The variable of the mark. */
export const markName = 'VMSYS_EXEC';

/** Looks for at most so many rounds: a program that forks is stopped before it is ended. */
const greatestRounds = 200;
const betweenRoundsMs = 5;
/** A process that forks and ends while the list of them is read is in no single list, but its child is in the next. */
const roundsWithoutFinds = 2;
/** For so long one may be replaced by another program, and have no environment meanwhile. */
const greatestUnclearRounds = 20;

/** A program that was started just now, with the mark in its environment, in a group of its own. */
export class Family {
  readonly #root: number;
  readonly #entry: string;
  /** Whoever is older is no descendant. */
  readonly #startedAt: number;

  constructor(root: number, mark: string) {
    this.#root = root;
    this.#entry = `${markName}=${mark}`;
    this.#startedAt = readStat(root)?.startedAt ?? 0;
  }

  /** Ends all of it. Resolves once none of it is found any more. */
  async end(): Promise<void> {
    let without = 0;
    let unclear = 0;
    for (let round = 0; round < greatestRounds; round++) {
      // At once and all together: what stays in the group cannot fork faster than it is looked for. Not ended yet, for
      // those that left it are found by their parents.
      send(-this.#root, 'SIGSTOP');
      const { members, isUnclear } = this.#look();
      // One that is stopped starts no others while they are looked for.
      for (const pid of members) send(pid, 'SIGSTOP');
      for (const pid of members) send(pid, 'SIGKILL');
      if (isUnclear) unclear++;
      const foundNone = members.length === 0 && (!isUnclear || unclear > greatestUnclearRounds);
      without = foundNone ? without + 1 : 0;
      if (without === roundsWithoutFinds) return;
      await sleep(betweenRoundsMs);
    }
  }

  #look(): { members: number[]; isUnclear: boolean } {
    const parents = new Map<number, number>();
    const members = new Set<number>();
    let isUnclear = false;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid) continue;
      const stat = readStat(pid);
      if (stat === undefined || stat.isDead || stat.startedAt < this.#startedAt) continue;
      parents.set(pid, stat.parent);
      const isMember = stat.group === this.#root || this.#isMarked(pid);
      if (isMember === true) members.add(pid);
      isUnclear ||= isMember === undefined;
    }
    // Children of members, and theirs: one that cleared its environment still has its parent.
    for (let before = -1; before !== members.size;) {
      before = members.size;
      for (const [pid, parent] of parents) if (members.has(parent)) members.add(pid);
    }
    return { members: [...members], isUnclear };
  }

  /** Undefined where there is no environment: there is none while one program replaces another. */
  #isMarked(pid: number): boolean | undefined {
    const environment = read(`/proc/${pid}/environ`);
    return environment === '' ? undefined : environment?.split('\0').includes(this.#entry) === true;
  }
}

/** What proc_pid_stat(5) says of a process. */
interface Stat {
  parent: number;
  group: number;
  /** A zombie: it only waits for its parent to notice. */
  isDead: boolean;
  /** Clock ticks after the system's start. */
  startedAt: number;
}

function readStat(pid: number): Stat | undefined {
  const text = read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  const isDead = state === 'Z' || state === 'X';
  return { parent: Number(parent), group: Number(group), isDead, startedAt: Number(fields[19]) };
}

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
