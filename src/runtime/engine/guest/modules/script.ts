// What a file that is run finds as `module`, `exports`, `__filename` and `__dirname`, as a CommonJS module does. Its
// declarations are variables of the session, so there is no function around it that could have these as parameters:
// they are globals that mean to the code of each file what is that file's own, also when it is called later.
import { defineProperty, mapGet, mapSet, newMap } from '../primordials.js';
import { markOurs } from '../native.js';
import { ownProperty } from '../read.js';
import { callerFile } from '../stack.js';
import type { ModuleObject } from './registry.js';
import type { Modules } from './require.js';

type Name = 'module' | 'exports' | '__filename' | '__dirname';
type Own = Partial<Record<Name, unknown>>;

const scope = globalThis;
/** Of the files that were run as scripts, by what stack traces call them. */
const scripts = newMap<string, Own>();

/**
 * Makes the function by which the host says that the code of a file is about to run, what the file is called, and
 * whether it is what a program begins with.
 */
export function makeBeginScript({
  makeModule,
  setMain,
}: Modules): (filename: string, path: string, isMain: boolean) => void {
  return (filename, path, isMain) => {
    const module: ModuleObject = makeModule(filename, path);
    const own: Own & { __proto__: null } = { __proto__: null, __filename: path, __dirname: module.path };
    defineOwn('__filename');
    defineOwn('__dirname');
    if (isMain) {
      setMain(module);
      own.module = module;
      own.exports = module.exports;
      defineOwn('module');
      defineOwn('exports');
    }
    mapSet(scripts, filename, own);
  };
}

/** What other code has under the name, such as a variable of a prompt, it keeps. */
function defineOwn(name: Name): void {
  const known = ownProperty(scope, name);
  if (known !== undefined && (known.configurable !== true || known.get !== undefined)) return;
  let others: unknown = known?.value;
  const accessor = {
    __proto__: null,
    get(): unknown {
      const own = mapGet(scripts, callerFile());
      return own !== undefined && name in own ? own[name] : others;
    },
    set(value: unknown): void {
      const own = mapGet(scripts, callerFile());
      if (own !== undefined && name in own) own[name] = value;
      else others = value;
    },
    enumerable: known?.enumerable ?? false,
    configurable: true,
  };
  markOurs(accessor.get);
  markOurs(accessor.set);
  defineProperty(scope, name, accessor as PropertyDescriptor);
}
