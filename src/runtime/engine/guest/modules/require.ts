// `require`, and CommonJS modules: the function around each comes compiled from the host, is run once, and what it
// exports stays in the registry. One that throws is forgotten, and run again when it is asked for again.
import { apply, defineProperty, includes, indexOf, parseJson, slice, stringifyJson } from '../primordials.js';
import { markOurs, publish } from '../native.js';
import { callerFile, shiftFirstLine } from '../stack.js';
import { callHost } from './crossing.js';
import { valueOf, type Ask } from './host-link.js';
import { exportNames } from './names.js';
import { enter, find, forget, libraryId, type ModuleObject } from './registry.js';

const NativeTypeError = TypeError;
const NativeSyntaxError = SyntaxError;

/** What scripts call. */
export interface Require {
  (specifier: unknown): unknown;
  resolve(specifier: unknown): string;
  readonly main: unknown;
}

/** What the host says of a module. */
interface Loaded {
  format: 'module' | 'commonjs' | 'json' | 'host';
  filename: string;
  /** What the module is told that it is called. */
  path: string;
  /** Characters in front of the code on its first line. */
  shift: number;
}

export interface Modules {
  /** Exports of the module that `id` is, run if it did not run yet. */
  take(id: string): unknown;
  /** What `import` of it gives as `default`. */
  takeDefault(id: string): unknown;
  /** For what names no file: `require` from where it is called. */
  globalRequire: Require;
  /** The object `module` of `filename`, which is told that it is `path`. */
  makeModule(filename: string, path: string): ModuleObject;
  /** Sets what every `require.main` is. */
  setMain(module: ModuleObject | undefined): void;
}

/** Makes `require` and what the host needs of it. */
export function makeModules(ask: Ask): Modules {
  function resolve(specifier: unknown, referrer: string): string {
    if (typeof specifier !== 'string' || specifier === '' || includes(specifier, '\0')) {
      const got = typeof specifier === 'string' ? stringifyJson(specifier) : typeof specifier;
      throw new NativeTypeError(`require: expected the name of a module as the first argument, got ${got}`);
    }
    const library = libraryId(specifier);
    return library === '' ? valueOf(ask('resolve', [specifier, referrer])) : library;
  }

  function take(id: string): unknown {
    const entry = find(id);
    if (entry?.module !== undefined) {
      // One that a run before this began was stopped in its middle.
      if (entry.begun === undefined || entry.begun === ask('run', [])) return entry.module.exports;
      forget(id);
    } else if (entry?.required !== undefined) {
      return entry.required.value;
    }
    if (find(id)?.evaluated === undefined) {
      const loaded = parseJson(valueOf(ask('load', [id]))) as Loaded;
      if (loaded.format !== 'module') return run(id, loaded);
    }
    const value = ask('namespace', [id]);
    enter(id).required = { value };
    return value;
  }

  function run(id: string, { format, filename, path: file, shift }: Loaded): unknown {
    if (format !== 'json') shiftFirstLine(filename, shift);
    const compiled = ask('compile', [id]);
    const module = makeModule(filename, file);
    const entry = enter(id);
    entry.module = module;
    entry.begun = ask('run', []) as string;
    let succeeded = false;
    try {
      if (format === 'json') module.exports = parseText(compiled as string, filename);
      else {
        const { exports, require, path } = module;
        const args =
          format === 'host'
            ? [exports, require, module, file, path, hostFunction(id)]
            : [exports, require, module, file, path];
        apply(compiled as () => unknown, module.exports, args);
      }
      succeeded = true;
    } finally {
      if (!succeeded) forget(id);
    }
    module.loaded = true;
    entry.begun = undefined;
    return module.exports;
  }

  const hostFunction =
    (id: string) =>
    (name: unknown, ...args: unknown[]): unknown => {
      if (typeof name !== 'string') throw new NativeTypeError(`host: expected a name, got ${typeof name}`);
      return callHost(ask, id, name, args);
    };

  function makeModule(filename: string, path: string): ModuleObject {
    const require = makeRequire(() => filename);
    return { id: path, path: folderOf(path), filename: path, exports: {}, loaded: false, require };
  }

  let main: ModuleObject | undefined;
  const mainProperty = {
    __proto__: null,
    get: (): unknown => main,
    enumerable: false,
    configurable: true,
  } as PropertyDescriptor;
  markOurs(mainProperty.get);
  const setMain = (module: ModuleObject | undefined): void => void (main = module);

  function makeRequire(referrer: () => string): Require {
    const functions = {
      require(specifier: unknown): unknown {
        return take(resolve(specifier, referrer()));
      },
      resolve(specifier: unknown): string {
        const id = resolve(specifier, referrer());
        return ask('locate', [id]) as string;
      },
    };
    const require = functions.require as Require;
    publish(require, 'resolve', functions.resolve);
    defineProperty(require, 'main', mainProperty);
    markOurs(require);
    return require;
  }

  function takeDefault(id: string): unknown {
    const value = take(id);
    return find(id)?.preferred === undefined ? value : find(id)?.preferred?.value;
  }

  return { take, takeDefault, globalRequire: makeRequire(callerFile), makeModule, setMain };
}

function parseText(text: string, filename: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw new NativeSyntaxError(`${filename}: ${(error as Error).message}`);
  }
}

/** All before the last slash. */
function folderOf(filename: string): string {
  let end = -1;
  for (let at = indexOf(filename, '/', 0); at !== -1; at = indexOf(filename, '/', at + 1)) end = at;
  if (end === -1) return '.';
  return end === 0 ? '/' : slice(filename, 0, end);
}

/** Names that can be imported from a module that has run, as JSON; empty where it has not. */
export function namesOf(id: string): string {
  const entry = find(id);
  if (entry?.names !== undefined) return stringifyNames(entry.names);
  return entry?.module === undefined ? '' : stringifyNames(exportNames(entry.module.exports));
}

export function stringifyNames(names: readonly string[]): string {
  let text = '[';
  for (let index = 0; index < names.length; index++) {
    text += (index === 0 ? '' : ',') + stringifyJson(names[index] as string);
  }
  return `${text}]`;
}
