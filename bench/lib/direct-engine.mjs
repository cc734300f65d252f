// A worker thread in which the same QuickJS build runs by itself: quickjs-emscripten called as its README does, with
// a deadline in the interrupt handler. Answers each script with its value and the milliseconds it took.
import { parentPort } from 'node:worker_threads';
import {
  RELEASE_SYNC,
  newQuickJSWASMModuleFromVariant,
  shouldInterruptAfterDeadline,
} from 'quickjs-emscripten';

const quickjs = await newQuickJSWASMModuleFromVariant(RELEASE_SYNC);
const runtime = quickjs.newRuntime();
const context = runtime.newContext();

parentPort?.on('message', (/** @type {string} */ code) => {
  runtime.setInterruptHandler(shouldInterruptAfterDeadline(Date.now() + 30_000));
  const startedAt = performance.now();
  const handle = context.unwrapResult(context.evalCode(code));
  const value = context.getNumber(handle);
  handle.dispose();
  parentPort?.postMessage({ value, ms: performance.now() - startedAt });
});
parentPort?.postMessage('ready');
