// The files that a session holds open, and what it does with them by their numbers.
import { closeSync, fstatSync, fsyncSync, ftruncateSync, futimesSync, readSync } from 'node:fs';
import * as z from 'zod';
import { Held } from '../held.js';
import { HostError, type HostAnswer } from '../host-module.js';
import type { Place } from './anchor.js';
import { openFile, opensToWrite, refuseOver, system, writeAll } from './contents.js';
import { systemError } from './errors.js';
import { data, describe, encoding, flags, mode, operation, path, time, type Operation } from './operation.js';
import type { WriteQuota } from './write-quota.js';

/** Descriptors that a session may hold at once; more is a script that forgets to close them. */
const greatestOpen = 64;

interface OpenFile {
  /** The system's, which scripts do not see: it is given again as soon as it is closed. */
  descriptor: number;
  path: string;
  /** Whether it was opened to be changed. */
  writes: boolean;
}

const position = z.int().min(0).nullable();
const descriptor = z.int().min(0);

export class OpenFiles {
  readonly #place: Place;
  readonly #maxBytes: number;
  readonly #quota: WriteQuota;
  readonly #open = new Held<OpenFile>();

  constructor(place: Place, maxBytes: number, quota: WriteQuota) {
    this.#place = place;
    this.#maxBytes = maxBytes;
    this.#quota = quota;
  }

  /** Closes what a run opened, where the session knows nothing of it any more. */
  runEnded(isKept: boolean): void {
    for (const file of this.#open.runEnded(isKept)) closeSync(file.descriptor);
  }

  close(): void {
    for (const file of this.#open.takeAll()) closeSync(file.descriptor);
  }

  readonly operations: Readonly<Record<string, Operation>> = {
    open: operation([path, flags, mode], (file, flag, bits) => {
      if (this.#open.size >= greatestOpen) throw systemError('EMFILE', 'open', file);
      const opened = openFile(this.#place, file, flag, bits);
      const writes = opensToWrite(flag);
      const value = this.#open.add({ descriptor: opened, path: file, writes });
      return { value, target: file, write: writes };
    }),
    close: operation([descriptor], (number) => {
      const { path: target, descriptor: opened } = this.#requireOpen(number, 'close');
      this.#open.take(number);
      closeSync(opened);
      return { value: undefined, target };
    }),
    read: operation([descriptor, z.int().min(0), position], (number, length, at) => {
      const { path: target, descriptor: opened } = this.#requireOpen(number, 'read');
      refuseOver(this.#maxBytes, length, target);
      const buffer = Buffer.allocUnsafe(length);
      const bytes = system('read', target, () => readSync(opened, buffer, 0, length, at));
      return { value: buffer.subarray(0, bytes), target, bytes };
    }),
    write: operation([descriptor, data, encoding, position], (number, content, as, at) => {
      const { path: target, descriptor: opened } = this.#requireOpen(number, 'write');
      const bytes = this.#quota.bytesOf(target, content, as);
      this.#quota.spend(target, bytes.length, () => writeAll(opened, bytes, target, at));
      return { value: bytes.length, target, bytes: bytes.length };
    }),
    fsync: operation([descriptor], (number) =>
      this.#onOpen(number, 'fsync', ({ descriptor: open }) => fsyncSync(open)),
    ),
    ftruncate: operation([descriptor, z.int().min(0)], (number, size) =>
      this.#onOpen(number, 'ftruncate', ({ descriptor: open, path: target }) => {
        refuseOver(this.#maxBytes, size, target);
        this.#quota.spend(target, size, () => ftruncateSync(open, size));
      }),
    ),
    futimes: operation([descriptor, time, time], (number, accessed, modified) =>
      this.#onOpen(number, 'futime', ({ descriptor: open, path: target, writes }) => {
        // The system asks who owns the file, not how it was opened.
        if (!writes) throw systemError('EPERM', 'futime', target);
        futimesSync(open, accessed, modified);
      }),
    ),
    fstat: operation([descriptor], (number) => {
      const { path: target, descriptor: opened } = this.#requireOpen(number, 'fstat');
      return { value: describe(fstatSync(opened)), target };
    }),
  };

  #requireOpen(number: number, syscall: string): OpenFile {
    const open = this.#open.find(number);
    if (open !== undefined) return open;
    throw new HostError('EBADF', `EBADF: bad file descriptor, ${syscall}`, {
      fields: { syscall, errno: -9 },
    });
  }

  /** Has an open file changed. */
  #onOpen(number: number, syscall: string, change: (open: OpenFile) => void): HostAnswer {
    const open = this.#requireOpen(number, syscall);
    system(syscall, open.path, () => change(open));
    return { value: undefined, target: open.path, write: true };
  }
}
