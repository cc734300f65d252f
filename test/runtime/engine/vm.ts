// The engine with the shape of node:vm: what a context's scripts may import.
import t from 'tap';
import { createContext, runInContext, runInNewContext } from '#src/runtime/engine/vm.js';
import { MemoryHost } from '../../fixtures/module-host.js';

t.test('a context has the modules that it was given, and keeps them', async (t) => {
  const modules = new MemoryHost({
    'a.mjs': 'import b from "./b.js"; let n = 0; export const up = () => ++n + b',
    'b.js': 'module.exports = 10',
    h: { format: 'host', code: 'exports.ask = (x) => host("ask", x)', exports: ['ask'] },
  });
  modules.onCall = (name, [first]) => `${name} ${JSON.stringify(first)}`;
  const context = await createContext({}, { modules });
  t.equal(runInContext('import("./a.mjs").then((a) => a.up())', context), 11);
  t.equal(runInContext('require("./a.mjs").up()', context), 12);
  t.equal(runInContext('require("h").ask(5)', context), 'ask 5');
  t.throws(() => runInContext(`require("nothing")`, context), { message: 'cannot find module "nothing"' });
});

t.test('a context without modules says so', async (t) => {
  await t.rejects(runInNewContext('require("fs")'), { message: /"fs": there are no modules here/ });
  await t.rejects(runInNewContext('import("fs")'), { message: /"fs": there are no modules here/ });
});
