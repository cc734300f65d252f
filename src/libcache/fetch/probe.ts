// What one file is, without following its imports: a script, an ES module, and whether it needs others.
import type { Metafile, Plugin } from 'esbuild';
import { lacksPatternOnly } from './bundle-error.js';
import { build, type BuildRequest } from './esbuild.js';

export interface Probe {
  /** `undefined`: neither imports nor exports anything, in either way. */
  format: 'cjs' | 'esm' | undefined;
  /** Whether it imports or requires other files. */
  importsOthers: boolean;
}

/** Rejects as {@link build} does, for instance where the file has a syntax error. */
export async function probe(
  request: Pick<BuildRequest, 'folder' | 'entry' | 'confined' | 'signal'>,
): Promise<Probe> {
  let metafile: Metafile;
  const others = new Set<string>();
  try {
    ({ metafile } = await build({ ...request, format: 'esm', plugins: [leaveImports(others)] }));
  } catch (error) {
    // A script that asks for files which may be missing, as moment's for browsers does, works without them.
    if (lacksPatternOnly(error)) return { format: 'cjs', importsOthers: others.size > 0 };
    throw error;
  }
  const [input] = Object.values(metafile.inputs);
  if (input === undefined) throw new Error('esbuild did not say what the file is');
  return { format: input.format, importsOthers: input.imports.some(({ path }) => path !== esbuildsOwn) };
}

/** What the bundler itself adds, where a file names `require` without calling it. */
const esbuildsOwn = '<runtime>';

/** `found` is filled with what it imports. */
const leaveImports = (found: Set<string>): Plugin => ({
  name: 'leave-imports',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) => {
      if (kind === 'entry-point') return undefined;
      found.add(path);
      return { path, external: true };
    });
  },
});
