// Calls of the host on behalf of modules: what it answers, and how a script is stopped that must not go on.
import { apply, push, slice } from '../primordials.js';
import type { Host } from '../host.js';
import { makeFault } from './fault.js';

export type ModuleOperation =
  /** (specifier, referrer): the id, marked. */
  | 'resolve'
  /** (id): what kind of module it is, as JSON, marked. */
  | 'load'
  /** (id): what scripts call the file that the module is; the id of another. */
  | 'locate'
  /** (id): the function around a CommonJS module's code; of JSON its text. */
  | 'compile'
  /** What the run is called that goes on; no other is. */
  | 'run'
  /** (id): the namespace of an ES module. */
  | 'namespace'
  /** (id, name, args, …): see `crossing.ts`. */
  | 'call'
  /** (index): bytes of the last call's answer. */
  | 'bytes';

export type Ask = (operation: ModuleOperation, args: readonly (string | number | ArrayBuffer)[]) => unknown;

/**
 * The host as modules ask it. It answers `true` where the run was stopped while it worked: the engine then notices in
 * the next few thousand turns of an empty loop, before any of the script's code.
 */
export function makeAsk(host: Host): Ask {
  return (operation, args) => {
    const list: unknown[] = [operation];
    for (let index = 0; index < args.length; index++) push(list, args[index]);
    const answer = apply(host as (...args: unknown[]) => unknown, undefined, list);
    if (answer === true) for (;;);
    return answer;
  };
}

/** The text of an answer that begins with `v`; throws the error of one that begins with `e`. */
export function valueOf(answer: unknown): string {
  const text = answer as string;
  if (text[0] === 'e') throw makeFault(text);
  return slice(text, 1);
}
