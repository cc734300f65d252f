// What came out of the engine itself, not of a script, into the end of the run: this engine is not to be used again.
import type { Failed } from './evaluation.js';

/** What it means when the engine itself threw: the host's stack ran out, or WebAssembly trapped. */
export function brokenEngine(error: unknown): Failed {
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    const overflow = { name: 'InternalError', message: 'stack overflow', limit: 'stack' } as const;
    return { status: 'limit_exceeded', error: overflow, engine: 'broken', unfinished: false };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    status: 'crashed',
    error: { name: 'EngineError', message: `the engine failed: ${message}` },
    engine: 'broken',
    unfinished: false,
  };
}
