// The guest prelude: runs once in a fresh engine, before any script, gives scripts their globals and returns the
// driver, the functions with which the host makes the session do things. `scripts/build-guest.mjs` turns it into
// one expression whose value is `boot`.
import { complete } from './complete.js';
import { declare } from './declarations.js';
import { describe, describeError } from './describe.js';
import { publishGlobals } from './globals/publish.js';
import type { Host } from './host.js';
import { reseed } from './random.js';
import { clearTimers, nextTimer, oneShots, runTimer, shiftTimers } from './timers.js';

/** What the host calls. Takes and returns strings and numbers, but for the values that are to be described. */
export interface Driver {
  describe(value: unknown, maxChars: number): string;
  describeError(thrown: unknown): string;
  beginRun(argvJson: string, argsJson: string, envJson: string): void;
  declare(namesJson: string, resetsJson: string): void;
  nextTimer(): number;
  oneShots(): number;
  runTimer(): number;
  shiftTimers(ms: number): void;
  clearTimers(): void;
  reseed(digits: string): void;
  complete(text: string): string;
}

/** Defines the globals and makes the driver. `host` is all that the session can reach of the outside. */
export function boot(host: Host): Driver {
  reseed(host('entropy') as string);
  const beginRun = publishGlobals(host);
  return {
    describe,
    describeError,
    beginRun,
    declare,
    nextTimer,
    oneShots,
    runTimer,
    shiftTimers,
    clearTimers,
    reseed,
    complete,
  };
}
