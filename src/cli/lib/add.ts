// `vmsys lib add` and `vmsys lib sync`: libraries into the cache, fetched in this process where the daemon cannot.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import type { Library } from '../../records/index.js';
import { RpcError, type Client } from '../../rpc/client.js';
import { methods } from '../../rpc/methods/index.js';
import { command } from '../command.js';
import { print, printJson, type Context } from '../context.js';
import { exitStatus, UsageFault } from '../fault.js';
import { formatResult } from '../output/result.js';
import { openProgressLine, progressToken, showProgress, type ProgressLine } from './progress-line.js';
import { usageLines } from './usage-lines.js';
import type { Wanted } from './fetch-here.js';

const { spec, global, entry } = methods['lib.add'].params.shape;

export const addCommand = command({
  words: 'lib add',
  summary: 'Put packages of npm, or local files, into the cache.',
  params: z.strictObject({
    spec: z.array(spec).min(1).describe('`lodash`, `lodash@^4`, or `./file.js`'),
    global,
    entry,
  }),
  positional: ['spec'],
  async run(context, { spec: specs, ...options }) {
    if (specs.length > 1 && (options.global !== undefined || options.entry !== undefined)) {
      throw new UsageFault(
        '--global and --entry are for one library; add the others by a command of their own',
      );
    }
    const added = await withProgress(context, async (client, line) => {
      const libraries: Library[] = [];
      for (const given of specs) {
        libraries.push(await add(context, client, line, { spec: absolute(given, context.cwd), ...options }));
      }
      return libraries;
    });
    const [only] = added;
    if (context.json) printJson(context, added.length === 1 ? only : { items: added });
    else
      print(
        context,
        added.flatMap((library) => usageLines(library, context.paint)),
      );
    return exitStatus.ok;
  },
});

export const syncCommand = command({
  words: 'lib sync',
  summary: methods['lib.sync'].summary,
  params: z.strictObject({}),
  async run(context) {
    const result = await withProgress(context, async (client, line) => {
      const call = () => client.call('lib.sync', { progressToken }, { signal: context.signal });
      try {
        return await call();
      } catch (error) {
        const { syncHere } = await import('./fetch-here.js');
        await syncHere(error, { context, client, onProgress: line.show });
        return call();
      }
    });
    if (context.json) printJson(context, result);
    else print(context, formatResult('lib.sync', result, context.paint));
    return exitStatus.ok;
  },
});

async function add(context: Context, client: Client, line: ProgressLine, wanted: Wanted): Promise<Library> {
  const call = (request: Wanted) =>
    client.call('lib.add', { ...request, progressToken }, { signal: context.signal });
  try {
    return await call(wanted);
  } catch (error) {
    const { addHere } = await import('./fetch-here.js');
    hintAtFile(error, wanted.spec, context.cwd);
    const { id } = await addHere(error, wanted, { context, client, onProgress: line.show });
    // Now it is there: the daemon loads it for a try, and tells everybody.
    return call({ ...wanted, spec: id });
  }
}

/** Runs `work` with a connection, and shows on the terminal what the daemon reports meanwhile. */
async function withProgress<Result>(
  context: Context,
  work: (client: Client, line: ProgressLine) => Promise<Result>,
): Promise<Result> {
  const client = await context.connect();
  const line = openProgressLine(context);
  const stop = showProgress(client, line);
  try {
    return await work(client, line);
  } finally {
    stop();
    line.erase();
  }
}

/** `lib add mylib.js` asks for a package: where there is none, but a file, that is what was meant. */
function hintAtFile(error: unknown, spec: string, cwd: string): void {
  if (!(error instanceof RpcError) || error.details?.['reason'] !== 'not-found') return;
  if (!existsSync(resolve(cwd, spec))) return;
  throw new RpcError(error.code, `${error.message}; for the file in this folder write "./${spec}"`, {
    details: error.details,
    cause: error,
  });
}

/** The daemon runs in another folder: it is given the whole path of a file. */
const absolute = (spec: string, cwd: string): string =>
  /^(\.{0,2}\/|\.{1,2}$)/.test(spec) ? resolve(cwd, spec) : spec;
