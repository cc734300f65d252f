// esbuild with the settings that fit the engine. Its process is started by the first build and ended with the last.
import { isAbsolute, resolve, sep } from 'node:path';
import type { BuildOptions, BuildResult, Metafile, Plugin } from 'esbuild';

export interface Build {
  metafile: Metafile;
  /** Of the one file that was built. */
  code: string;
  /** The source map of it, where one was asked for. */
  sourceMap?: string;
}

export interface BuildRequest {
  /** What paths in the output and in messages are relative to. */
  folder: string;
  /** A file, or the text of one, which is then taken for what it says, whatever package.json says of its folder. */
  entry: string | { contents: string; sourcefile: string };
  format: 'cjs' | 'esm';
  plugins?: Plugin[];
  /** Whether to make a source map; its sources are relative to `folder`. */
  mapped?: boolean;
  /** Files that may be read lie in `folder`. Absent: any may. */
  confined: boolean;
  signal: AbortSignal;
}

/** Rejects with esbuild's BuildFailure, or with the signal's reason. */
export async function build(request: BuildRequest): Promise<Build> {
  const { folder, entry, format, plugins = [], mapped = false, confined, signal } = request;
  const { metafile, outputFiles } = await run(signal, {
    ...fitting,
    absWorkingDir: folder,
    ...(typeof entry === 'string' ? { entryPoints: [entry] } : { stdin: entry }),
    format,
    plugins: confined ? [...plugins, confineTo(folder)] : plugins,
    // A package's own settings for a compiler are not for us.
    ...(confined ? { tsconfigRaw: {} } : {}),
    metafile: true,
    ...(mapped ? { sourcemap: 'external', sourcesContent: false } : {}),
    write: false,
    // Only names it; nothing is written.
    outfile: resolve(folder, 'library.js'),
  });
  const file = outputFiles.find(({ path }) => path.endsWith('library.js'));
  if (file === undefined) throw new Error('esbuild made no file');
  const map = outputFiles.find(({ path }) => path.endsWith('library.js.map'));
  return { metafile, code: file.text, ...(map === undefined ? {} : { sourceMap: map.text }) };
}

/** The file that `import` would mean by `specifier` in `folder`. Rejects as {@link build} does. */
export async function resolveImport(folder: string, specifier: string, signal: AbortSignal): Promise<string> {
  let found: string | undefined;
  const ask: Plugin = {
    name: 'ask',
    setup({ onStart, resolve: resolveWith }) {
      onStart(async () => {
        const { path, errors } = await resolveWith(specifier, {
          kind: 'import-statement',
          resolveDir: folder,
        });
        found = path;
        return { errors };
      });
    },
  };
  await run(signal, {
    ...fitting,
    absWorkingDir: folder,
    stdin: { contents: '' },
    plugins: [ask],
    write: false,
  });
  if (found === undefined) throw new Error(`esbuild did not say where ${specifier} is`);
  return found;
}

let running = 0;

async function run<Options extends BuildOptions>(
  signal: AbortSignal,
  options: Options,
): Promise<BuildResult<Options>> {
  const esbuild = await import('esbuild');
  signal.throwIfAborted();
  running += 1;
  try {
    // Its types refuse options that have more than they know; ours are of their type.
    const context = await esbuild.context<BuildOptions>(options);
    const cancel = () => void context.cancel();
    signal.addEventListener('abort', cancel);
    try {
      const result = await context.rebuild();
      signal.throwIfAborted();
      return result as BuildResult<Options>;
    } finally {
      signal.removeEventListener('abort', cancel);
      await context.dispose();
    }
  } finally {
    running -= 1;
    if (running === 0) await esbuild.stop();
  }
}

const fitting = {
  bundle: true,
  // What the engine knows of the language; it has no Node built-ins, and much of what browsers have.
  target: 'es2023',
  platform: 'browser',
  mainFields: ['browser', 'module', 'main'],
  define: { 'process.env.NODE_ENV': '"production"' },
  charset: 'utf8',
  legalComments: 'inline',
  logLevel: 'silent',
  // All of them: the first are not always the telling ones.
  logLimit: 0,
} as const satisfies BuildOptions;

const isAsked = 'asked by confine';

/**
 * A package that imports a file by a path that leads out of its folder would get what is no package's. A package that
 * is found in some folder above is none of the library's: to it, there is no such package.
 */
const confineTo = (folder: string): Plugin => ({
  name: 'confine',
  setup({ onLoad, onResolve, resolve: resolveWith }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
      if (from.kind === 'entry-point' || pluginData === isAsked) return undefined;
      const { importer, namespace, resolveDir, kind } = from;
      const asked = { importer, namespace, resolveDir, kind, pluginData: isAsked };
      const found = await resolveWith(path, asked);
      const isForeign = found.errors.length === 0 && found.namespace === 'file' && isAbsolute(found.path);
      if (!isForeign || found.path.startsWith(folder + sep)) return undefined;
      // As written: what tries it finds nothing when it runs, and what needs it does not load.
      return { path, external: true };
    });
    onLoad({ filter: /.*/, namespace: 'file' }, ({ path }) =>
      path.startsWith(folder + sep)
        ? undefined
        : { errors: [{ text: `the file ${path} is outside of the library's packages` }] },
    );
  },
});
