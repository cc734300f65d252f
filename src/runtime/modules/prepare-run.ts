// A run as it was asked for into one that the engine understands: in the worker's thread, right before it.
import type { RunRequest } from '../engine/request.js';

/** Never throws: what is wrong with the code becomes code that throws it. */
export function prepareRun(request: RunRequest): RunRequest {
  return request;
}
