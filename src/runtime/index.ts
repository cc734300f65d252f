// The runtime for another program: `openRuntime`, its types and its errors. No socket, no daemon.
export { openRuntime } from './runtime.js';
export { RuntimeError, type RuntimeErrorCode } from './errors.js';
export { DatabaseError } from './store/database.js';
export type * from './types.js';
export type * from '../records/index.js';
