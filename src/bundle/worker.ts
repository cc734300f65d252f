// What a worker thread starts with: the bundle of src/runtime/workers/worker.ts.
import { load } from './load.js';

load('worker');
