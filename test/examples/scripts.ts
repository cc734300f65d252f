// The example scripts that have no library do what their comments say.
import t from 'tap';
import { runExamples } from '../fixtures/example-runs.js';
import { exampleScripts } from '../fixtures/example-scripts.js';

t.test('the examples', { timeout: 115_000 }, (t) =>
  runExamples(
    t,
    exampleScripts().filter(({ template }) => template.libraries === undefined),
  ),
);
