// Puts the globals in place, as the language's own are: writable, configurable, not enumerable.
import { dateNow } from '../primordials.js';
import type { Host } from '../host.js';
import { publishParts } from '../lazy.js';
import { hideSources, markOurs, publish } from '../native.js';
import { random } from '../random.js';
import { timerFunctions } from '../timers.js';
import { inspect } from '../inspect/inspect.js';
import { makeConsole } from './console.js';
import { missingStatics } from './language.js';
import { callSoon, makeProcess } from './process.js';
import { makeCrypto } from './randomness.js';

/** What the host calls once per run, see `makeProcess`. */
export type BeginRun = (argvJson: string, argsJson: string, envJson: string, cwd: string) => void;

/** Defines every global. Called once, before any script. */
export function publishGlobals(host: Host): BeginRun {
  hideSources();
  const { process, vmsys, beginRun } = makeProcess(host);
  const globals = {
    console: withTag(makeConsole(host), 'console'),
    process,
    vmsys,
    crypto: makeCrypto(host),
    performance: {
      now: (): number => host('now') as number,
      /** When `now()` was 0, milliseconds since the epoch. */
      get timeOrigin(): number {
        return dateNow() - (host('now') as number);
      },
    },
    queueMicrotask(callback: unknown): void {
      callSoon('queueMicrotask', callback, []);
    },
    ...timerFunctions,
  };
  for (const [name, value] of Object.entries(globals)) {
    publish(globalThis, name, value);
  }
  for (const value of [process, ...Object.values(process), globals.crypto, globals.performance])
    markOurs(value);
  const plain = { value: globalThis, writable: true, enumerable: false, configurable: true };
  // As Node calls it, and as workers of browsers do: scripts that are for both look for one of them.
  for (const name of ['global', 'self']) Object.defineProperty(globalThis, name, plain);
  publish(Math, 'random', random);
  publish(Error, 'captureStackTrace', missingStatics.captureStackTrace);
  publish(Array, 'fromAsync', missingStatics.fromAsync);
  Object.defineProperty(inspect, 'custom', {
    value: Symbol.for('nodejs.util.inspect.custom'),
    enumerable: true,
  });
  markOurs(inspect);
  publishParts(host);
  return beginRun;
}

function withTag(target: object, tag: string): object {
  Object.defineProperty(target, Symbol.toStringTag, { value: tag, configurable: true });
  return target;
}
