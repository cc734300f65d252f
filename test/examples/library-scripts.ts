// The example scripts that have a library do what their comments say: it is added from a registry of the test.
import t from 'tap';
import { runExamples } from '../fixtures/example-runs.js';
import { exampleScripts } from '../fixtures/example-scripts.js';
import { exampleRegistry } from '../fixtures/installed-package.js';

t.test('the examples', { timeout: 115_000 }, async (t) => {
  const { env } = await exampleRegistry(t);
  await runExamples(
    t,
    exampleScripts().filter(({ template }) => template.libraries !== undefined),
    { ...env, USER: 'Vera' },
  );
});
