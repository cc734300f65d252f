// Everything that a program started, and what that started, found and ended: by its group, by its parents, and by a
// mark in its environment that its descendants inherit, wherever they moved.
import { closeSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { setImmediate as others, setTimeout as sleep } from 'node:timers/promises';

/** The variable of the mark. */
export const markName = 'VMSYS_EXEC';

/** Looks for at most so many rounds: a program that forks is stopped before it is ended. */
const greatestRounds = 200;
const betweenRoundsMs = 5;
/** A process that forks and ends while the list of them is read is in no single list, but its child is in the next. */
const roundsWithoutFinds = 2;
/** For so long one may be replaced by another program, and have no environment meanwhile. */
const greatestUnclearRounds = 20;
/** The daemon does nothing else for so long while it looks through thousands of processes. */
const lookMs = 2;
/** Of an environment: Linux takes no more than 6 MiB, and a shell may put the mark at its end. */
const greatestEnvironment = 8 * 1024 * 1024;

/** A program that was started just now, with the mark in its environment, in a group of its own. */
export class Family {
  readonly #root: number;
  readonly #entry: string;
  /** Whoever is older is no descendant. */
  readonly #startedAt: number;
  readonly #forksBefore: number | undefined;

  /** `forksBefore`: what {@link forkCount} said before the program was started. */
  constructor(root: number, mark: string, forksBefore: number | undefined) {
    this.#root = root;
    this.#forksBefore = forksBefore;
    this.#entry = `${markName}=${mark}`;
    this.#startedAt = readStat(root)?.startedAt ?? 0;
  }

  /** Ends what the program left behind, once it has ended itself. */
  async endRest(): Promise<void> {
    // Nobody forked since but us, to start it: then it started nothing, and there is nothing to look for.
    if (this.#forksBefore !== undefined && forkCount() === this.#forksBefore + 1) return;
    await this.end();
  }

  /** Ends all of it, as far as that may be. Resolves once no more of it is found. */
  async end(): Promise<void> {
    let without = 0;
    let unclear = 0;
    for (let round = 0; round < greatestRounds; round++) {
      // At once and all together: what stays in the group cannot fork faster than it is looked for. Not ended yet, for
      // those that left it are found by their parents.
      send(-this.#root, 'SIGSTOP');
      const { members, isUnclear } = await this.#look();
      const within = members.filter((pid) => send(pid, 'SIGSTOP'));
      for (const pid of within) send(pid, 'SIGKILL');
      if (isUnclear) unclear++;
      const foundNone = within.length === 0 && (!isUnclear || unclear > greatestUnclearRounds);
      without = foundNone ? without + 1 : 0;
      if (without === roundsWithoutFinds) return;
      await sleep(betweenRoundsMs);
    }
  }

  async #look(): Promise<{ members: number[]; isUnclear: boolean }> {
    const parents = new Map<number, number>();
    const members = new Set<number>();
    let isUnclear = false;
    let since = performance.now();
    // The newest first: they are there for the shortest time.
    for (const name of readdirSync('/proc').reverse()) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid) continue;
      if (performance.now() - since > lookMs) {
        await others();
        since = performance.now();
      }
      const stat = readStat(pid);
      if (stat === undefined || stat.isDead || stat.startedAt < this.#startedAt) continue;
      parents.set(pid, stat.parent);
      const isMember = stat.group === this.#root || this.#isMarked(pid);
      if (isMember === true) {
        members.add(pid);
        // One that is stopped starts no others while they are looked for.
        send(pid, 'SIGSTOP');
      }
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
    const environment = read(`/proc/${pid}/environ`, greatestEnvironment);
    return environment === '' ? undefined : environment?.split('\0').includes(this.#entry) === true;
  }
}

/** Some fifty numbers and a short name. */
const greatestStat = 4096;

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
  const text = read(`/proc/${pid}/stat`, greatestStat);
  if (text === undefined) return undefined;
  // The name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  const isDead = state === 'Z' || state === 'X';
  return { parent: Number(parent), group: Number(group), isDead, startedAt: Number(fields[19]) };
}

/** How many processes and threads the system has started so far; `undefined` where it does not say. */
export function forkCount(): number | undefined {
  try {
    const [, count] = /^processes (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1')) ?? [];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined;
  }
}

const buffer = Buffer.allocUnsafe(greatestEnvironment);

/** The file's first bytes. Undefined for one that is gone, or another user's. */
function read(path: string, greatestBytes: number): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, greatestBytes, null));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** False where it may not be: a program with another user's rights. One that is gone may have been sent anything. */
function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}
