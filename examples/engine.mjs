// The engine with the shape of node:vm, for who comes from there or from vm2: node examples/engine.mjs
// No daemon, no database, no threads: contexts in this thread, and copies of values in and out.
import {
  createContext,
  isContext,
  runInContext,
  runInNewContext,
  Script,
  ScriptError,
  ScriptTimeoutError,
} from 'vmsysd/engine';

// Unlike in node:vm, making a context is asynchronous, and the object given is copied as JSON has it.
const context = await createContext(
  { prices: [12, 30, 8] },
  { memoryMb: 32, onConsole: (level, text) => console.log(`guest ${level}: ${text}`) },
);
console.log('context:', isContext(context), isContext({}));

console.log('sum:', runInContext('prices.reduce((a, b) => a + b)', context));
runInContext('var visits = 0; console.log("ready")', context);

const visit = new Script('++visits', { filename: 'visit.js' });
visit.runInContext(context);
console.log('visits:', visit.runInContext(context));

console.log('new context:', await runInNewContext('a * b', { a: 6, b: 7 }));
console.log('promise:', await runInNewContext('Promise.resolve({ done: true })'));

// Nothing of the host is inside: the old ways out of node:vm end at the engine's own globals.
console.log(
  'outside:',
  runInContext('this.constructor.constructor("return typeof process.mainModule")()', context),
);

for (const code of ['for (;;);', 'prices.missing.name', '() => 1']) {
  try {
    runInContext(code, context, { timeout: 100, filename: 'guest.js' });
  } catch (error) {
    if (!(error instanceof ScriptError || error instanceof ScriptTimeoutError)) throw error;
    console.log('caught:', error.name, '-', error.message);
  }
}
console.log('still there:', runInContext('visits', context));
