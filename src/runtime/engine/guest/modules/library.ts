// Libraries, each evaluated once before a session's first run: what one exports becomes its value, which its global and
// `require` give. The value is `module.exports`, or the global that a browser script set. Of an ES module, also one that
// was turned into CommonJS, it is the default export where the other exports hang on that as well, else all exports as
// one object. `import` gives each export under its own name.
import { apply, defineProperty, hasOwn, ownKeys } from '../primordials.js';
import { isObject, readOwn } from '../read.js';
import { shiftFirstLine } from '../stack.js';
import { exportNames, readExport } from './names.js';
import { enter, forget, nameLibrary } from './registry.js';
import { stringifyNames, type Modules } from './require.js';

const scope = globalThis as unknown as Record<string, unknown>;
const has = Reflect.has as (target: object, key: string) => boolean;

/** What the host calls; both answer the names that can be imported, as JSON. */
export interface Loading {
  /**
   * Runs the function around a script, `shift` columns into its first line; it returns the variable `global` of its
   * own, where it has one.
   */
  loadScript(id: string, name: string, global: string, shift: number, compiled: () => unknown): string;
  /** Takes up an ES module that was evaluated. */
  loadModule(id: string, name: string, global: string, namespace: object): string;
}

/** Makes the functions by which the host loads libraries; `global` is empty where there is none. */
export function makeLoading({ makeModule }: Modules): Loading {
  return {
    loadScript(id, name, global, shift, compiled) {
      const module = makeModule(id, id);
      const { exports } = module;
      const before = global === '' ? undefined : readExport(scope, global);
      shiftFirstLine(id, shift);
      enter(id).module = module;
      let own: unknown;
      let succeeded = false;
      try {
        own = apply(compiled, exports, [exports, module.require, module, id, module.path]);
        succeeded = true;
      } finally {
        if (!succeeded) forget(id);
      }
      module.loaded = true;
      if (module.exports === exports && ownKeys(exports as object).length === 0) {
        const after = own ?? (global === '' ? undefined : readExport(scope, global));
        if (after !== undefined && after !== before) module.exports = after;
      }
      const exported = module.exports;
      const isModule = isObject(exported) && readOwn(exported, '__esModule') === true;
      if (isModule && hasOwn(exported, 'default')) {
        module.exports = valueOfModule(exported);
        enter(id).preferred = { value: readExport(exported, 'default') };
      }
      return finish(id, name, global, exported, module.exports);
    },
    loadModule(id, name, global, namespace) {
      const value = hasOwn(namespace, 'default') ? valueOfModule(namespace) : namespace;
      enter(id).required = { value };
      return finish(id, name, global, namespace, value);
    },
  };
}

/** The default export where it has all others as well, else the exports. */
function valueOfModule(exports: object): unknown {
  const main = readExport(exports, 'default');
  const names = exportNames(exports);
  for (let index = 0; index < names.length; index++) {
    if (!isObject(main) || !has(main, names[index] as string)) return exports;
  }
  return main;
}

function finish(id: string, name: string, global: string, exports: unknown, value: unknown): string {
  const names = exportNames(exports);
  if (exports !== value) enter(id).names = names;
  nameLibrary(name, id);
  if (global !== '') {
    defineProperty(scope, global, {
      __proto__: null,
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    } as PropertyDescriptor);
  }
  return stringifyNames(names);
}
