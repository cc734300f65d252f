// The top-level names of a script about to run, made into plain properties of the global object, so that a later
// script may declare them again (the host turns `let`, `const` and `class` into assignments).
import { defineProperty, deleteProperty, hasOwn, parseJson } from './primordials.js';
import { ownProperty } from './read.js';

/**
 * @param namesJson the names, as JSON; a name that is taken keeps its value, and becomes writable
 * @param resetsJson those of them that have no initialiser and so begin as `undefined`
 */
export function declare(namesJson: string, resetsJson: string): void {
  const names = parseJson(namesJson) as string[];
  const resets = parseJson(resetsJson) as string[];
  for (let index = 0; index < names.length; index++) makeVariable(names[index] as string, false);
  for (let index = 0; index < resets.length; index++) makeVariable(resets[index] as string, true);
}

const scope = globalThis;

function makeVariable(name: string, reset: boolean): void {
  const known = hasOwn(scope, name) ? ownProperty(scope, name) : undefined;
  if (known !== undefined && known.configurable !== true && known.writable !== true) return;
  if (known?.writable === true && !reset) return;
  // The engine forgets to make a read-only property of the global object writable (QuickJS 2025-09-13).
  if (known?.configurable === true) deleteProperty(scope, name);
  defineProperty(scope, name, {
    __proto__: null,
    value: reset ? undefined : known?.value,
    writable: true,
    enumerable: true,
    configurable: known?.configurable ?? true,
  } as PropertyDescriptor);
}
