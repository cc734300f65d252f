// Between one engine and the module host: answers what the engine asks when code imports, and what `require` and host
// modules ask. What goes wrong becomes an error that the script can catch.
import { randomBytes } from 'node:crypto';
import type { QuickJSHandle } from 'quickjs-emscripten';
import type { HostAnswer, HostArgument } from '../crossing-values.js';
import type { Driver } from '../driver.js';
import { evalFlags, type Instance, type ModuleLoader, type Outcome } from '../instance.js';
import type { LibraryCode, ModuleHost, ModuleSource } from '../module-host.js';
import { decodeArguments, encodeAnswer } from './crossing.js';
import { codedError, formatFault, PlacedSyntaxError } from './fault.js';
import { asyncModule, Graph } from './graph.js';
import { namespaceModule, ownPrefix } from './synthetic.js';

/** What a script threw while the host worked for it: it goes on to whoever asked. */
class GuestThrow extends Error {
  readonly handle: QuickJSHandle;

  constructor(handle: QuickJSHandle) {
    super('a script threw');
    this.handle = handle;
  }
}

/** Refuses everything: for a sandbox that was opened without modules. */
const nothing: ModuleHost = {
  resolve: (specifier) => {
    throw codedError('MODULE_NOT_FOUND', `cannot find module "${specifier}": there are no modules here`);
  },
  load: (id) => {
    throw new Error(`cannot load module "${id}": there are no modules here`);
  },
  call: (module) => {
    throw new Error(`cannot call module "${module}": there are no modules here`);
  },
};

const wrappers = {
  commonjs: '(function(exports,require,module,__filename,__dirname){',
  host: '(function(exports,require,module,__filename,__dirname,host){',
} as const;

export class Linker implements ModuleLoader {
  readonly #instance: Instance;
  readonly #driver: Driver;
  readonly #host: ModuleHost;
  readonly #graph: Graph;
  /** Begins the specifiers that only our own code may write. */
  readonly #secret = `vmsys:${randomBytes(12).toString('hex')}:`;
  /** Tells names of ours apart from those that another worker gave; no secret. */
  readonly #origin = randomBytes(6).toString('hex');
  readonly #failures = new Map<string, QuickJSHandle>();
  #lastFailure = 0;
  #strict = false;
  #runs = 0;
  /** Names of modules that the engine got in this run. */
  readonly #begun = new Set<string>();
  /** Bytes of the last host call's answer, until the guest has taken them. */
  #bytes: Uint8Array[] = [];

  constructor(instance: Instance, driver: Driver, host: ModuleHost = nothing) {
    this.#instance = instance;
    this.#driver = driver;
    this.#host = host;
    this.#graph = new Graph({
      host,
      driver: () => driver,
      secret: this.#secret,
      origin: this.#origin,
      run: (id) => this.#valueOf(driver.take(id)).dispose(),
    });
  }

  /** Forgets what the run before has read: files may have changed. `strict`: CommonJS files run in strict mode. */
  begin(strict = false): void {
    this.#strict = strict;
    this.#runs += 1;
    this.#graph.clear();
    this.#begun.clear();
    this.#bytes = [];
  }

  normalize(base: string, specifier: string): string {
    if (specifier.startsWith(this.#secret)) return specifier.slice(this.#secret.length);
    const known = this.#graph.nameAt(base, specifier);
    if (known !== undefined) return known;
    try {
      return this.#graph.plan(this.#graph.resolve(specifier, base, 'import'));
    } catch (error) {
      const name = `${ownPrefix}failure:${++this.#lastFailure}`;
      this.#failures.set(name, this.#thrown(error));
      return name;
    }
  }

  source(name: string): string | { thrown: QuickJSHandle } {
    const thrown = this.#failures.get(name);
    if (thrown !== undefined) {
      this.#failures.delete(name);
      return { thrown };
    }
    this.#begun.add(name);
    const text = this.#graph.node(name)?.text();
    return text ?? { thrown: this.#thrown(new Error(`module "${name}" is gone; import it again`)) };
  }

  /**
   * Whether a module that the engine got in this run was not evaluated to its end. The engine would say for ever that
   * it failed.
   */
  get isUnfinished(): boolean {
    for (const name of this.#begun) {
      const id = this.#graph.node(name)?.id;
      if (id !== undefined && this.#driver.evaluated(id) === undefined) return true;
    }
    return false;
  }

  /** Evaluates a file that is an ES module. */
  evaluateModule(code: string, filename: string, id?: string): Outcome {
    let text = code;
    try {
      text = this.#graph.planText(code, filename, id);
    } catch (error) {
      // Of its own syntax the engine says more.
      if (!(error instanceof PlacedSyntaxError && error.filename === filename))
        return { kind: 'exception', handle: this.#thrown(error) };
    }
    this.#begun.add(filename);
    return this.#instance.evaluate(text, filename, evalFlags.module);
  }

  /** The function around a library's script, and how far it moves the first line. */
  compileLibrary({ id, code, global }: LibraryCode): { outcome: Outcome; shift: number } {
    const own = global !== undefined && /^[A-Za-z_$][\w$]*$/.test(global) ? global : undefined;
    // What a browser's script declares is a variable of the function.
    const tail = own === undefined ? '' : `;return typeof ${own}==="undefined"?void 0:${own}`;
    // Of libraries some are sloppy, and none is the template's to change.
    const outcome = this.#compile('commonjs', `${code}\n${tail}`, id, false);
    return { outcome, shift: wrappers.commonjs.length };
  }

  /** Answers the guest; `undefined` where the operation is none of modules'. */
  answer(operation: string, args: readonly HostArgument[]): HostAnswer {
    const [first = '', second = '', third = ''] = args;
    switch (operation) {
      case 'resolve':
        return this.#marked(() => this.#graph.resolve(String(first), String(second), 'require'));
      case 'load':
        return this.#marked(() => this.#describe(String(first)));
      case 'locate':
        return this.#pathOf(String(first));
      case 'compile':
        return this.#handed(() => this.#compileSource(this.#graph.load(String(first))));
      case 'run':
        return `${this.#origin}:${this.#runs}`;
      case 'namespace':
        return this.#handed(() => this.#namespace(String(first)));
      case 'call':
        return this.#call(String(first), String(second), String(third), args.slice(3));
      case 'bytes':
        return this.#bytes[Number(first)];
      default:
        return undefined;
    }
  }

  /** What scripts call a module that is a file; the id of others. */
  #pathOf(id: string): string {
    return this.#host.pathOf?.(id) ?? id;
  }

  #describe(id: string): string {
    const { format, filename } = this.#graph.load(id);
    const shift = wrappers[format === 'host' ? 'host' : 'commonjs'].length;
    return JSON.stringify({ format, filename, path: this.#host.pathOf?.(id) ?? filename, shift });
  }

  #marked(work: () => string): string {
    try {
      return `v${work()}`;
    } catch (error) {
      return formatFault(error);
    }
  }

  #handed(work: () => QuickJSHandle | string): HostAnswer {
    try {
      const value = work();
      return typeof value === 'string' ? value : { value };
    } catch (error) {
      return { thrown: this.#thrown(error) };
    }
  }

  #call(id: string, name: string, text: string, extras: readonly HostArgument[]): HostAnswer {
    try {
      const { answer, bytes } = encodeAnswer(this.#host.call(id, name, decodeArguments(text, extras)));
      this.#bytes = bytes;
      return answer;
    } catch (error) {
      return formatFault(error);
    }
  }

  #compileSource({ format, code, filename }: ModuleSource): QuickJSHandle | string {
    if (format === 'json') return code;
    if (format === 'module') throw new Error(`cannot compile ES module "${filename}" as CommonJS`);
    return this.#valueOf(this.#compile(format, code, filename, this.#strict));
  }

  #compile(format: 'commonjs' | 'host', code: string, filename: string, strict: boolean): Outcome {
    // The engine takes a hashbang at the very beginning only.
    const text = `${wrappers[format]}${code.replace(/^#!/, '//')}\n})`;
    return this.#instance.evaluate(text, filename, strict ? evalFlags.strict : evalFlags.global);
  }

  #namespace(id: string): QuickJSHandle {
    const name = this.#graph.plan(id);
    this.#graph.refuseRequire(name, this.#begun);
    const text = namespaceModule(this.#secret, name);
    const holder = this.#valueOf(this.#instance.evaluate(text, `${ownPrefix}require`, evalFlags.module));
    try {
      if (this.#instance.promiseState(holder).kind !== 'none') throw asyncModule(name, name);
      return this.#instance.context.getProp(holder, 'default');
    } finally {
      holder.dispose();
    }
  }

  #valueOf({ kind, handle }: Outcome): QuickJSHandle {
    if (kind === 'exception') throw new GuestThrow(handle);
    return handle;
  }

  #thrown(error: unknown): QuickJSHandle {
    return error instanceof GuestThrow ? error.handle : this.#driver.fault(formatFault(error));
  }
}
