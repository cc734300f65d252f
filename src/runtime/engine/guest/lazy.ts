// Globals that few scripts use and that take much memory: their code is fetched from the host and run at their first
// use. Until then a global is an accessor, which then replaces itself by the plain property it stands for.
// Measured: `url` takes 20 to 40 ms and 110 pages, `encoding` 10 to 18 ms and 17, `web` 3 to 6 ms and none.
import { defineProperty } from './primordials.js';
import type { Host } from './host.js';
import { kindOf, knowOpaque, type Kind } from './kinds.js';
import { markOurs, publish } from './native.js';
import { throwLater, timerFunctions } from './timers.js';
import parts from './parts/parts.json' with { type: 'json' };

const evaluate: (text: string) => unknown = eval;
const NativeError = Error;
const createFrom = Object.create as (prototype: object) => object;
const customSymbol: symbol = Symbol.for('nodejs.util.inspect.custom');
const scope: object = globalThis;

/** What a part exports: its globals by name. */
export type Part = Readonly<Record<string, unknown>>;

/** What the parts (see `parts/`) may use of the prelude. */
export interface PartTools {
  kindOf(this: void, value: object): Kind;
  /** Reports what was thrown as uncaught. */
  throwLater(this: void, error: unknown): void;
  setTimeout(this: void, callback: () => void, delayMs: number): number;
  /**
   * Lets the class's instances, whose state no property shows, be shown as `show` says; `inspect` shows a value in it.
   */
  showAs(
    this: void,
    prototype: object,
    show: (instance: object, inspect: (value: unknown) => string) => string,
  ): void;
}

type InspectFunction = (value: unknown, options: unknown) => string;

const tools: PartTools = {
  kindOf,
  throwLater,
  setTimeout: timerFunctions.setTimeout,
  showAs(prototype, show) {
    knowOpaque(prototype);
    publish(
      prototype,
      customSymbol,
      function (this: object, depth: number, options: unknown, inspect: InspectFunction) {
        return depth < 0 ? this : show(this, (value) => inspect(value, options));
      },
    );
  },
};

/** Defines the globals of every part. */
export function publishParts(host: Host): void {
  for (const [part, names] of Object.entries(parts.globals)) publishPart(host, part, names);
}

function publishPart(host: Host, part: string, names: readonly string[]): void {
  let loaded: Part | undefined;
  for (const name of names) {
    const accessor = {
      get [name](): unknown {
        loaded ??= loadPart(host, part, names);
        publish(scope, name, loaded[name]);
        return loaded[name];
      },
      set [name](value: unknown) {
        const plain = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
        defineProperty(scope, name, plain as PropertyDescriptor);
      },
    };
    markOurs(accessor);
    defineProperty(scope, name, { ...Object.getOwnPropertyDescriptor(accessor, name), enumerable: false });
  }
}

function loadPart(host: Host, part: string, names: readonly string[]): Part {
  const source = host('source', part);
  if (typeof source !== 'string')
    throw new NativeError(`the runtime's part "${part}" is missing; install vmsysd again`);
  const make = evaluate(source) as (scope: object, tools: PartTools) => Part;
  // A part asks its global object for what the engine has, and may leave something there: it gets one of its own,
  // on which its globals are not, or asking for them would load it again.
  const own = createFrom(scope);
  for (let index = 0; index < names.length; index++) {
    defineProperty(own, names[index] as string, { __proto__: null, value: undefined } as PropertyDescriptor);
  }
  const made = make(own, tools);
  // All of them: those that a script has not asked for yet may be met as well, such as the errors that are thrown.
  for (let index = 0; index < names.length; index++) markOurs(made[names[index] as string]);
  return made;
}
