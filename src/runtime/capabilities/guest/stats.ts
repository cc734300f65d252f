// What `stat` and `readdir` answer, with Node's fields and questions.

export type Kind = 'file' | 'directory' | 'symlink' | 'other';

export interface StatNumbers {
  kind: Kind;
  mode: number;
  size: number;
  atimeMs: number;
  mtimeMs: number;
  ctimeMs: number;
  birthtimeMs: number;
}

class Questions {
  readonly #kind: Kind;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  isFile(): boolean {
    return this.#kind === 'file';
  }

  isDirectory(): boolean {
    return this.#kind === 'directory';
  }

  isSymbolicLink(): boolean {
    return this.#kind === 'symlink';
  }

  /** FIFOs, sockets and devices are not told apart: none of them can be opened. */
  isFIFO(): boolean {
    return this.#kind === 'other';
  }

  isSocket(): boolean {
    return this.#kind === 'other';
  }

  isBlockDevice(): boolean {
    return false;
  }

  isCharacterDevice(): boolean {
    return false;
  }
}

export class Stats extends Questions {
  declare readonly size: number;
  declare readonly mode: number;
  readonly atime: Date;
  readonly mtime: Date;
  readonly ctime: Date;
  readonly birthtime: Date;

  constructor({ kind, ...numbers }: StatNumbers) {
    super(kind);
    Object.assign(this, numbers);
    this.atime = new Date(numbers.atimeMs);
    this.mtime = new Date(numbers.mtimeMs);
    this.ctime = new Date(numbers.ctimeMs);
    this.birthtime = new Date(numbers.birthtimeMs);
  }
}

export class Dirent extends Questions {
  readonly name: string;
  readonly parentPath: string;
  readonly path: string;

  constructor(name: string, parentPath: string, kind: Kind) {
    super(kind);
    this.name = name;
    this.parentPath = parentPath;
    this.path = parentPath;
  }
}
