// The parts of npm's own packages that are used here; they bring no types of their own.

declare module '@npmcli/config' {
  interface ConfigOptions {
    npmPath: string;
    definitions: object;
    shorthands: object;
    flatten: (values: object, into?: object) => object;
    argv: readonly string[];
    env: Readonly<Record<string, string | undefined>>;
    cwd: string;
  }
  export default class Config {
    constructor(options: ConfigOptions);
    load(): Promise<void>;
    /** Every setting under the name that npm's libraries take it by. */
    readonly flat: Readonly<Record<string, unknown>>;
    /** Where settings are from (`user` is ~/.npmrc), and why it could not be read. */
    readonly data: ReadonlyMap<string, { readonly source: unknown; readonly loadError: unknown }>;
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  const definitions: {
    definitions: object;
    shorthands: object;
    flatten: (values: object, into?: object) => object;
  };
  export default definitions;
}

declare module 'pacote' {
  type Options = Readonly<Record<string, unknown>>;
  const pacote: {
    manifest(spec: string, options: Options): Promise<unknown>;
    tarball: {
      /** Calls `handler` again with the tarball from its start where what came did not match its integrity. */
      stream<Value>(
        spec: string,
        handler: (tarball: NodeJS.ReadableStream) => Promise<Value>,
        options: Options,
      ): Promise<Value>;
    };
  };
  export default pacote;
}

declare module '@npmcli/arborist' {
  export interface TreeNode {
    readonly name: string;
    readonly version: string;
    /** Relative to the tree's root, as in `node_modules/a/node_modules/b`; empty for the root. */
    readonly location: string;
    readonly resolved: string | null;
    readonly integrity: string | null;
    /** Its package.json, and what the registry says of it. */
    readonly package: unknown;
    /** It comes inside of another package's tarball. */
    readonly inBundle: boolean;
    readonly isLink: boolean;
    /** Only wanted by what may be missing. */
    readonly optional: boolean;
  }
  export interface Tree extends TreeNode {
    readonly inventory: { values(): Iterable<TreeNode> };
  }
  export default class Arborist {
    constructor(options: Readonly<Record<string, unknown>>);
    buildIdealTree(options: Readonly<Record<string, unknown>>): Promise<Tree>;
  }
}

declare module 'npm-package-arg' {
  export interface Spec {
    readonly type: 'version' | 'range' | 'tag' | 'alias' | 'git' | 'remote' | 'file' | 'directory';
    readonly name: string | null | undefined;
    readonly rawSpec: string;
    readonly fetchSpec: string | null;
  }
  export default function npa(spec: string): Spec;
}
