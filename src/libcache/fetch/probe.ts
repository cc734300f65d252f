// What one file is, without following its imports: a script, an ES module, and whether it needs others.
import type { Plugin } from 'esbuild';
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
  const { metafile } = await build({ ...request, format: 'esm', plugins: [leaveImports] });
  const [input] = Object.values(metafile.inputs);
  if (input === undefined) throw new Error('esbuild did not say what the file is');
  return { format: input.format, importsOthers: input.imports.some(({ path }) => path !== esbuildsOwn) };
}

/** What the bundler itself adds, where a file names `require` without calling it. */
const esbuildsOwn = '<runtime>';

const leaveImports: Plugin = {
  name: 'leave-imports',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path, external: true },
    );
  },
};
