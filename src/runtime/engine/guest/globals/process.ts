// `process` and `vmsys`: what a run is told of its arguments and environment, and the little of Node's `process`
// that scripts count on.
import { apply, defineProperty, floor, parseJson, runSoon, toText } from '../primordials.js';
import type { Host } from '../host.js';
import { throwLater } from '../timers.js';

const NativeError = Error;
const NativeTypeError = TypeError;
const toBigInt = BigInt;

/** The release of QuickJS that runs this. */
const quickjsVersion = '2025-09-13';

/** Runs `callback` once the code that runs now has ended; what it throws is reported as uncaught. */
export function callSoon(name: string, callback: unknown, args: readonly unknown[]): void {
  if (typeof callback !== 'function') {
    throw new NativeTypeError(`${name}: expected a function as the first argument, got ${typeof callback}`);
  }
  runSoon(() => {
    try {
      apply(callback, undefined, args);
    } catch (error) {
      throwLater(error);
    }
  });
}

/** Makes `process` and `vmsys`, and the function by which the host tells them of a run. */
export function makeProcess(host: Host): {
  process: object;
  vmsys: object;
  beginRun: (argvJson: string, argsJson: string, envJson: string, cwd: string) => void;
} {
  const stream = (kind: 'stdout' | 'stderr'): object => ({
    isTTY: false,
    write(text: unknown): boolean {
      host('print', kind, toText(text));
      return true;
    },
  });
  let folder = '/';
  const hrtime = {
    hrtime(earlier?: readonly [number, number]): [number, number] {
      const ms = host('now') as number;
      let seconds = floor(ms / 1000);
      let nanoseconds = floor((ms - seconds * 1000) * 1e6);
      if (earlier !== undefined) {
        seconds -= earlier[0];
        nanoseconds -= earlier[1];
        if (nanoseconds < 0) {
          seconds -= 1;
          nanoseconds += 1e9;
        }
      }
      return [seconds, nanoseconds];
    },
    bigint: (): bigint => toBigInt(floor((host('now') as number) * 1e6)),
  };
  Object.defineProperty(hrtime.hrtime, 'bigint', { value: hrtime.bigint, enumerable: true });
  const process = {
    argv: [] as string[],
    env: {},
    platform: 'linux',
    versions: { quickjs: quickjsVersion },
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    hrtime: hrtime.hrtime,
    cwd: () => folder,
    nextTick(callback: unknown, ...args: unknown[]): void {
      callSoon('process.nextTick', callback, args);
    },
    exit(): never {
      throw new NativeError(
        'process.exit: a session has no process to end; return from the script, or throw',
      );
    },
  };
  const vmsys = { args: [] as string[] };
  const set = (target: object, key: string, value: unknown): void => {
    const plain = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
    defineProperty(target, key, plain as PropertyDescriptor);
  };
  const beginRun = (argvJson: string, argsJson: string, envJson: string, cwd: string): void => {
    set(process, 'argv', parseJson(argvJson));
    set(vmsys, 'args', parseJson(argsJson));
    // JSON makes `__proto__` an own property like any other.
    set(process, 'env', parseJson(envJson));
    folder = cwd;
  };
  return { process, vmsys, beginRun };
}
