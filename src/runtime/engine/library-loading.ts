// One library evaluated in a session's engine, under limits, into what it exports or why it cannot be used.
import type { QuickJSHandle } from 'quickjs-emscripten';
import type { ExecutionError } from '../../records/index.js';
import { completion, type Engine, type Failed } from './evaluation.js';
import type { Outcome } from './instance.js';
import type { LibraryCode } from './module-host.js';
import type { Run } from './run.js';

export interface LoadedLibrary {
  id: string;
  /** How long it took. */
  ms: number;
  /** The names that can be imported from it, beside `default`. */
  exports: string[];
}

/** All were loaded, or the first that failed. */
export type LoadReport = { loaded: LoadedLibrary[] } | { id: string; error: ExecutionError };

/** Evaluates a library, to the end of its promise jobs. Throws what broke the engine. */
export async function loadLibrary(
  engine: Engine,
  run: Run,
  library: LibraryCode,
): Promise<{ exports: string[] } | Failed> {
  const { driver, linker, instance } = engine;
  const { id, code } = library;
  const first = await completion(engine, run, () =>
    library.format === 'module' ? linker.evaluateModule(code, id, id) : loadScript(engine, library),
  );
  if (!('value' in first)) return first;
  const named =
    library.format === 'module'
      ? await completion(engine, run, () => disposing(first.value, driver.loadModule(library, first.value)))
      : first;
  if (!('value' in named)) return named;
  const exports = JSON.parse(instance.context.getString(named.value)) as string[];
  named.value.dispose();
  return { exports };
}

function loadScript({ driver, linker }: Engine, library: LibraryCode): Outcome {
  const { outcome, shift } = linker.compileLibrary(library);
  if (outcome.kind === 'exception') return outcome;
  return disposing(outcome.handle, driver.loadScript(library, shift, outcome.handle));
}

/** Lets go of what was handed to a call, now that it has returned. */
function disposing(handed: QuickJSHandle, outcome: Outcome): Outcome {
  handed.dispose();
  return outcome;
}

/** The engine's message, and where in the library it happened. */
export function describeFailure(id: string, { name, message, stack = '' }: ExecutionError): string {
  const place = stack.split('\n').find((line) => line.includes(`${id}:`));
  // What an error has beside its stack begins behind the last line.
  const [, line, column] = /:(\d+):(\d+)\)?(?: \{)?$/.exec(place ?? '') ?? [];
  return `${name === '' ? '' : `${name}: `}${message}${line === undefined ? '' : ` (line ${line}, column ${column})`}`;
}
