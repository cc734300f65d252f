// The guest prelude: runs once in a fresh engine, before any script, gives scripts their globals and returns the
// driver, the functions with which the host makes the session do things. `scripts/build-guest.mjs` turns it into
// one expression whose value is `boot`.
import { complete } from './complete.js';
import { declare } from './declarations.js';
import { describe, describeError } from './describe.js';
import { publishGlobals, type BeginRun } from './globals/publish.js';
import type { Host } from './host.js';
import { makeFault } from './modules/fault.js';
import { makeAsk } from './modules/host-link.js';
import { makeLoading, type Loading } from './modules/library.js';
import { readExport } from './modules/names.js';
import { enter, libraryId, evaluated } from './modules/registry.js';
import { makeModules, namesOf, type Modules } from './modules/require.js';
import { makeBeginScript } from './modules/script.js';
import { publish } from './native.js';
import { reseed } from './random.js';
import { clearTimers, nextTimer, oneShots, runTimer, shiftTimers } from './timers.js';

/** What the host calls. Takes and returns strings and numbers, but for the values that are to be described. */
export interface Driver extends Loading {
  describe(value: unknown, maxChars: number): string;
  describeError(thrown: unknown): string;
  beginRun: BeginRun;
  beginScript(filename: string, path: string, isMain: boolean): void;
  declare(namesJson: string, resetsJson: string): void;
  nextTimer(): number;
  oneShots(): number;
  runTimer(): number;
  shiftTimers(ms: number): void;
  clearTimers(): void;
  reseed(digits: string): void;
  complete(text: string): string;
  libraryId(name: string): string;
  evaluated(id: string): string;
  namesOf(id: string): string;
  fault(json: string): Error;
  take: Modules['take'];
  bridge: Bridge;
}

/** What the modules that the host writes import (`../modules/synthetic.ts`). */
export interface Bridge {
  take: Modules['take'];
  takeDefault: Modules['takeDefault'];
  read: typeof readExport;
  /** Called at the end of an ES module: it was evaluated whole. */
  done(id: string, evaluated: string): void;
}

/** Defines the globals and makes the driver. `host` is all that the session can reach of the outside. */
export function boot(host: Host): Driver {
  reseed(host('entropy') as string);
  const beginRun = publishGlobals(host);
  const modules = makeModules(makeAsk(host));
  publish(globalThis, 'require', modules.globalRequire);
  const done = (id: string, as: string): void => {
    enter(id).evaluated = as;
  };
  return {
    ...makeLoading(modules),
    libraryId,
    evaluated,
    namesOf,
    fault: makeFault,
    take: modules.take,
    bridge: { take: modules.take, takeDefault: modules.takeDefault, read: readExport, done },
    describe,
    describeError,
    beginRun(argvJson, argsJson, envJson, cwd) {
      modules.setMain(undefined);
      beginRun(argvJson, argsJson, envJson, cwd);
    },
    beginScript: makeBeginScript(modules),
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
