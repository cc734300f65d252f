// What `opendir` answers: the entries of a folder as they were when it was opened.
import type { Dirent } from '../stats.js';

type Callback<T> = (error: unknown, value?: T) => unknown;

export class Dir {
  readonly path: string;
  #left: Dirent[] | undefined;

  constructor(path: string, entries: Dirent[]) {
    this.path = path;
    this.#left = entries.reverse();
  }

  readSync(): Dirent | null {
    return this.#requireOpen().pop() ?? null;
  }

  closeSync(): void {
    this.#requireOpen();
    this.#left = undefined;
  }

  read(): Promise<Dirent | null>;
  read(callback: Callback<Dirent | null>): void;
  read(callback?: Callback<Dirent | null>): Promise<Dirent | null> | void {
    return answer(() => this.readSync(), callback);
  }

  close(): Promise<void>;
  close(callback: Callback<void>): void;
  close(callback?: Callback<void>): Promise<void> | void {
    return answer(() => this.closeSync(), callback);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Dirent> {
    try {
      for (let entry = await this.read(); entry !== null; entry = await this.read()) yield entry;
    } finally {
      await this.close();
    }
  }

  #requireOpen(): Dirent[] {
    if (this.#left !== undefined) return this.#left;
    throw Object.assign(new Error('Directory handle was closed'), { code: 'ERR_DIR_CLOSED' });
  }
}

function answer<T>(work: () => T, callback: Callback<T> | undefined): Promise<T> | void {
  const done = Promise.resolve().then(work);
  if (callback === undefined) return done;
  done.then(
    (value) => setTimeout(() => callback(null, value), 0),
    (error: unknown) => setTimeout(() => callback(error), 0),
  );
}

declare function setTimeout(callback: () => void, delayMs: number): void;
