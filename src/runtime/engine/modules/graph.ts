// The modules that an import needs, all of them found, read and checked before the engine gets the first: it does not
// clean up after a link that fails half-way. Holds what one run has read; what was evaluated is in the guest's memory.
import type { Driver } from '../driver.js';
import type { ModuleHost, ModuleSource } from '../module-host.js';
import { codedError, PlacedSyntaxError } from './fault.js';
import { moduleText } from './module-text.js';
import { scanModule, type Scan } from './scan.js';
import { importable, metaModule, nameOfImportable, nameOfMeta } from './synthetic.js';

/** Modules that one run may read: more is a mistake, and each stays in the session's memory. */
const maxModules = 10_000;

/** Characters of source that one run may read: they lie in the thread's memory, which the session's limit does not bound. */
const maxSourceChars = 64 * 1024 * 1024;

/** A module that the engine may ask for. */
interface Node {
  /** Its text, asked when all that it needs is known. */
  text: () => string;
  /** Names that it exports itself. */
  exports: ReadonlySet<string>;
  /** The engine's names of the modules whose names it exports as well. */
  stars: readonly string[];
  /** The engine's names of the modules that it imports. */
  imports: readonly string[];
  awaits: boolean;
  id: string | undefined;
}

export interface GraphOptions {
  host: ModuleHost;
  driver: () => Driver;
  /** Begins the specifiers that only our own code may write. */
  secret: string;
  /** Tells this worker's names of modules from another's. */
  origin: string;
  /** Runs a module that does not say what it exports; throws what it throws. */
  run: (id: string) => void;
}

/** A scanned module whose imports are to be checked once all are known. */
interface Unchecked {
  filename: string;
  imports: readonly { name: string; import: Scan['imports'][number] }[];
}

export class Graph {
  readonly #options: GraphOptions;
  readonly #sources = new Map<string, ModuleSource>();
  /** The engine's names of ids. */
  readonly #names = new Map<string, string>();
  readonly #nodes = new Map<string, Node>();
  /** What each import of a module in here means, by {@link place}. */
  readonly #places = new Map<string, string>();
  #attempts = 0;
  #sourceChars = 0;

  constructor(options: GraphOptions) {
    this.#options = options;
  }

  /** Forgets what the run before has read. */
  clear(): void {
    this.#sourceChars = 0;
    for (const map of [this.#sources, this.#names, this.#nodes, this.#places]) map.clear();
  }

  /** The id that a specifier means. */
  resolve(specifier: string, referrer: string, by: 'import' | 'require'): string {
    const library = this.#options.driver().libraryId(specifier);
    return library ?? this.#options.host.resolve(specifier, referrer, by);
  }

  /** What the host says of a module; asked once. */
  load(id: string): ModuleSource {
    const present = this.#sources.get(id);
    if (present !== undefined) return present;
    if (this.#sources.size >= maxModules)
      throw new RangeError(`cannot load module "${id}": one run may load ${maxModules} modules`);
    if (this.#sourceChars >= maxSourceChars)
      throw new RangeError(
        `cannot load module "${id}": one run may load ${maxSourceChars} characters of source`,
      );
    const source = this.#options.host.load(id);
    this.#sourceChars += source.code.length;
    this.#sources.set(id, source);
    return source;
  }

  /** The engine's name of the module that was imported so, where that is known without asking. */
  nameAt(base: string, specifier: string): string | undefined {
    return this.#places.get(place(base, specifier));
  }

  node(name: string): Node | undefined {
    return this.#nodes.get(name);
  }

  /** The engine's name of a module, with all that it needs at hand; throws, and keeps nothing, where that fails. */
  plan(id: string): string {
    const plan = new Plan();
    try {
      const name = this.#plan(id, plan);
      this.#check(plan);
      return name;
    } catch (error) {
      this.#drop(plan);
      throw error;
    }
  }

  /** The text for the engine of a module that is there already, with all that it needs at hand. */
  planText(code: string, filename: string, id?: string): string {
    const plan = new Plan();
    try {
      this.#add(code, filename, id, plan);
      this.#check(plan);
      return this.#nodes.get(filename)?.text() ?? code;
    } catch (error) {
      this.#drop(plan);
      throw error;
    }
  }

  #plan(id: string, plan: Plan): string {
    const known = this.#names.get(id) ?? this.#evaluated(id);
    if (known !== undefined) return known;
    const ran = this.#options.driver().namesOf(id);
    if (ran !== undefined) return this.#addImportable(id, ran, plan);
    plan.ids.push(id);
    const { format, code, filename, exports } = this.load(id);
    if (format === 'module') {
      // A file that runs just now imports itself in a circle.
      if (!this.#nodes.has(filename)) this.#add(code, filename, id, plan);
      return filename;
    }
    if (exports !== undefined || format === 'json') return this.#addImportable(id, exports ?? [], plan);
    this.#options.run(id);
    return this.#addImportable(id, this.#options.driver().namesOf(id) ?? [], plan);
  }

  /** The engine's name of a module that an earlier run evaluated, and what it exports. */
  #evaluated(id: string): string | undefined {
    const known = this.#options.driver().evaluated(id);
    if (known === undefined) return undefined;
    const node = { text: () => '', stars: [], imports: [], awaits: false, id };
    this.#nodes.set(known.name, { ...node, exports: new Set(known.exports) });
    return known.name;
  }

  #addImportable(id: string, names: readonly string[], plan: Plan): string {
    // Another name for each attempt: of one that failed the engine would repeat the error.
    const name = nameOfImportable(this.#options.origin, ++this.#attempts, id);
    const text = (): string => importable(this.#options.secret, name, id, names);
    const exports = new Set(['default', ...names]);
    this.#keep(name, { text, exports, stars: [], imports: [], awaits: false, id }, plan);
    return name;
  }

  #add(code: string, filename: string, id: string | undefined, plan: Plan): void {
    if (code.includes('\0')) throw new SyntaxError(`${filename}: the text of a module cannot hold a NUL`);
    const { secret } = this.#options;
    const scan = scanModule(code, filename);
    const text = (): string => {
      const exports = id === undefined ? [] : [...this.#allExports(filename, new Set())];
      return moduleText(code, scan, { secret, filename, exports, ...(id === undefined ? {} : { id }) });
    };
    // Kept before what it imports is looked at, which may be itself.
    const node: Node = { text, exports: scan.exports, stars: [], imports: [], awaits: scan.awaits, id };
    this.#keep(filename, node, plan);
    if (scan.metas.length > 0) {
      const meta = {
        text: () => metaModule(filename, this.#options.host.pathOf?.(filename)),
        exports: new Set(['default']),
        stars: [],
        imports: [],
      };
      this.#keep(nameOfMeta(filename), { ...meta, awaits: false, id: undefined }, plan);
    }
    const imports = scan.imports.map((found) => {
      const at = place(filename, found.specifier);
      const name =
        this.#places.get(at) ?? this.#plan(this.resolve(found.specifier, filename, 'import'), plan);
      this.#places.set(at, name);
      plan.places.push(at);
      return { name, import: found };
    });
    node.imports = imports.map(({ name }) => name);
    node.stars = imports.flatMap(({ name, import: { specifier } }) =>
      scan.stars.includes(specifier) ? name : [],
    );
    plan.unchecked.push({ filename, imports });
  }

  #keep(name: string, node: Node, plan: Plan): void {
    this.#nodes.set(name, node);
    plan.nodes.push(name);
    if (node.id !== undefined) this.#names.set(node.id, name);
  }

  #drop({ ids, nodes, places }: Plan): void {
    for (const id of ids) {
      this.#names.delete(id);
      this.#sources.delete(id);
    }
    for (const name of nodes) this.#nodes.delete(name);
    for (const at of places) this.#places.delete(at);
  }

  /** Throws where a module imports a name that the other does not export. */
  #check({ unchecked }: Plan): void {
    for (const { filename, imports } of unchecked) {
      for (const { name, import: found } of imports) {
        const missing = found.names.find((wanted) => !this.#exports(name, wanted, new Set()));
        if (missing === undefined) continue;
        const message = `the module "${found.specifier}" does not export "${missing}"`;
        throw new PlacedSyntaxError(message, filename, found.line, found.column);
      }
    }
  }

  #exports(name: string, wanted: string, seen: Set<string>): boolean {
    const node = this.#nodes.get(name);
    if (node === undefined || seen.has(name)) return false;
    seen.add(name);
    if (node.exports.has(wanted)) return true;
    return wanted !== 'default' && node.stars.some((star) => this.#exports(star, wanted, seen));
  }

  #allExports(name: string, seen: Set<string>): Set<string> {
    const node = this.#nodes.get(name);
    if (node === undefined || seen.has(name)) return new Set();
    seen.add(name);
    const passedOn = node.stars.flatMap((star) => [...this.#allExports(star, seen)]);
    return new Set([...node.exports, ...passedOn.filter((passed) => passed !== 'default')]);
  }

  /** Why a module cannot be required: it, or one that it imports, awaits, or has `begun` and not ended. */
  refuseRequire(name: string, begun: ReadonlySet<string>): void {
    const seen = new Set<string>();
    const visit = (current: string): void => {
      const node = this.#nodes.get(current);
      if (node === undefined || seen.has(current)) return;
      seen.add(current);
      if (node.id !== undefined && this.#options.driver().evaluated(node.id) !== undefined) return;
      if (begun.has(current)) {
        const message = `cannot require "${name}" now: "${current}" is evaluated just now, or has failed`;
        throw codedError('ERR_REQUIRE_CYCLE_MODULE', message);
      }
      if (node.awaits) throw asyncModule(name, current);
      for (const next of node.imports) visit(next);
    };
    visit(name);
  }
}

/** What planning adds, to be taken away where it fails. */
class Plan {
  readonly ids: string[] = [];
  readonly nodes: string[] = [];
  readonly places: string[] = [];
  readonly unchecked: Unchecked[] = [];
}

const place = (base: string, specifier: string): string => `${base}\0${specifier}`;

export function asyncModule(name: string, awaiting: string): Error {
  const message = `cannot require "${name}": "${awaiting}" has a top-level await; use "await import(…)" instead`;
  return codedError('ERR_REQUIRE_ASYNC_MODULE', message);
}
