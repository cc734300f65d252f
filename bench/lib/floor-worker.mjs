// The floor's worker thread: answers every message with a small one.
import { parentPort } from 'node:worker_threads';

parentPort?.on('message', () => parentPort?.postMessage({ value: 2 }));
