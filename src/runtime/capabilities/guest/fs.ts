// The module `fs`: Node's names and shapes over the functions of the host. Each exists as `nameSync`, as `name` with a
// callback, and in `promises`; all do their work at once, for the session waits for nothing else.
import { promisified, takeCallback } from './arguments.js';
import { access, constants } from './fs/constants.js';
import { byDescriptor, readInto, readingOf } from './fs/descriptors.js';
import { Dir } from './fs/dir.js';
import { FileHandle } from './fs/file-handle.js';
import { byPath, exists } from './fs/paths.js';
import { Dirent, Stats } from './stats.js';

type AnyFunction = (...args: unknown[]) => unknown;

/** Of `fs.promises`, which has no descriptors. */
const promises: Record<string, unknown> = {
  constants,
  open: async (...args: Parameters<typeof byDescriptor.open>) => new FileHandle(byDescriptor.open(...args)),
};
const fs: Record<string, unknown> = {
  constants,
  promises,
  Stats,
  Dirent,
  Dir,
  ...access,
  existsSync: exists,
};

/** What a callback is given after the error; most are given what the function answers. */
const results: Readonly<Record<string, (...args: unknown[]) => unknown[]>> = {
  read(descriptor, ...rest) {
    const reading = readingOf(rest);
    return [readInto(descriptor, reading), reading.buffer];
  },
  write: (descriptor, data, ...rest) => [byDescriptor.write(descriptor, data, ...rest), data],
};

for (const [name, work] of Object.entries({ ...byPath, ...byDescriptor }) as [string, AnyFunction][]) {
  const run = results[name] ?? ((...args: unknown[]) => [work(...args)]);
  fs[`${name}Sync`] = named(`${name}Sync`, (...args) => work(...args));
  fs[name] = named(name, (...args) => {
    const callback = takeCallback(args);
    later(() => {
      try {
        return [null, ...run(...args)];
      } catch (error) {
        return [error];
      }
    }, callback);
  });
  if (Object.hasOwn(byPath, name)) promises[name] = named(name, async (...args) => work(...args));
}

fs['exists'] = named('exists', (...args) => {
  const callback = takeCallback(args);
  later(() => [exists(args[0])], callback);
});

/** What is made of those whose callbacks are not given an error and one value. */
const asPromises: Readonly<Record<string, AnyFunction>> = {
  exists: async (path) => exists(path),
  read: async (...args) => {
    const [bytesRead, buffer] = results['read']?.(...args) ?? [];
    return { bytesRead, buffer };
  },
  write: async (...args) => {
    const [bytesWritten, buffer] = results['write']?.(...args) ?? [];
    return { bytesWritten, buffer };
  },
};
for (const [name, value] of Object.entries(asPromises))
  Object.defineProperty(fs[name], promisified, { value, configurable: true });
for (const name of ['realpath', 'realpathSync'])
  Object.defineProperty(fs[name], 'native', { value: fs[name], configurable: true });

/** Has the work done once the code that runs now has ended, and its callback called. */
function later(work: () => unknown[], callback: AnyFunction): void {
  void Promise.resolve().then(() => {
    const outcome = work();
    setTimeout(() => callback(...outcome), 0);
  });
}

function named(name: string, work: AnyFunction): AnyFunction {
  return Object.defineProperty(work, 'name', { value: name });
}

declare function setTimeout(callback: () => void, delayMs: number): number;

export default fs;
