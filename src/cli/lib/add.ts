// `vmsys lib add` and `vmsys lib sync`: libraries into the cache, fetched in this process where the daemon cannot.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import type { Library } from '../../records/index.js';
import { RpcError, type Client } from '../../rpc/client.js';
import { methods } from '../../rpc/methods/index.js';
import { command } from '../command.js';
import { note, print, printJson, type Context } from '../context.js';
import { exitStatus, UsageFault } from '../fault.js';
import { formatResult } from '../output/result.js';
import { openProgressLine, progressToken, showProgress, type ProgressLine } from './progress-line.js';
import { usageLines } from './usage-lines.js';
import type { Help, Wanted } from './fetch-here.js';

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
    const { added, failures } = await withProgress(context, async (client, line) => {
      const added: Library[] = [];
      const failures: unknown[] = [];
      for (const given of specs) {
        const wanted = { spec: absolute(given, context.cwd), ...options };
        try {
          added.push(await add(context, client, line, wanted));
        } catch (error) {
          failures.push(error);
          if (context.signal.aborted) break;
        }
      }
      return { added, failures };
    });
    if (context.json) {
      if (added.length > 0 || specs.length > 1)
        printJson(context, specs.length === 1 ? added[0] : { items: added });
    } else
      print(
        context,
        added.flatMap((library) => usageLines(library, context.paint)),
      );
    if (failures.length > 0) throw together(failures);
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
        await syncHere(error, helpWith(context, client, line));
        return call();
      }
    });
    if (context.json) printJson(context, result);
    else print(context, formatResult('lib.sync', result, context.paint));
    return exitStatus.ok;
  },
});

async function add(context: Context, client: Client, line: ProgressLine, wanted: Wanted): Promise<Library> {
  const call = (request: Wanted & { integrity?: string }) =>
    client.call('lib.add', { ...request, progressToken }, { signal: context.signal });
  // What was fetched here is there now: the daemon loads it for a try, and tells everybody.
  const confirm = ({ id, integrity }: Library) => call({ spec: id, integrity });
  try {
    return await call(wanted);
  } catch (error) {
    const { addHere, bundleHere } = await import('./fetch-here.js');
    hintAtFile(error, wanted.spec, context.cwd);
    const help = helpWith(context, client, line);
    const library = await addHere(error, wanted, help);
    try {
      return await confirm(library);
    } catch (refusal) {
      return await confirm(await bundleHere(refusal, library, wanted, help));
    }
  }
}

const helpWith = (context: Context, client: Client, line: ProgressLine): Help => ({
  context,
  client,
  onProgress: line.show,
  note: (text) => {
    line.erase();
    note(context, [text]);
  },
});

/** Of several errors the first, with what the others say. */
function together(failures: readonly unknown[]): unknown {
  const [first, ...others] = failures;
  if (others.length === 0 || !(first instanceof RpcError)) return first;
  const { code, details } = first;
  const message = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure)));
  return new RpcError(code, message.join('\n'), {
    cause: first,
    ...(details === undefined ? {} : { details }),
  });
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
