// The runtime with libraries inside another program: node examples/libraries.mjs
// From a file, or a package of npm, to a variable that sessions have; and to another one when the file is changed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { once, EventEmitter } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LibraryError, openLibraryCache } from 'vmsysd/libcache';
import { openRuntime } from 'vmsysd/runtime';

const folder = await mkdtemp(join(tmpdir(), 'vmsys-libraries-'));
const file = join(folder, 'greet.js');
await writeFile(file, 'exports.greet = (name) => `Hello ${name}`;');

let runtime;
const libraries = await openLibraryCache({
  folder: join(folder, 'cache'),
  // What is added is loaded in an engine first: one that does not work there is refused at once.
  check: (candidate) => runtime.libraries.check(candidate),
  watch: true,
  log: ({ level, message }) => level !== 'info' && console.error(`${level}: ${message}`),
});
runtime = await openRuntime({ database: join(folder, 'runtime.db'), libraries });

const changes = new EventEmitter();
libraries.listen(({ change, library }) => {
  // Templates that have the library get its new content; sessions keep what they have.
  if (change === 'changed' && library.source.startsWith('file:')) runtime.libraries.changed(library);
  changes.emit(change, library);
});

try {
  // `{ spec: 'lodash' }`, `{ spec: 'date-fns@4' }` come from npm's registry.
  const library = await libraries.add(
    { spec: file },
    { onProgress: ({ step }) => console.log('step:', step) },
  );
  console.log('added:', library.id, library.global, library.exports.join());

  runtime.templates.create({ name: 'greeter', libraries: ['greet'] });
  const session = await runtime.sessions.create({ template: 'greeter', name: 'first' });
  const said = async (name) => {
    const { result, error } = await runtime.executions.repl({ session: name, code: 'greet.greet("you")' });
    return result?.json ?? error?.message;
  };
  console.log('first:', await said('first'));

  const changed = once(changes, 'changed');
  await writeFile(file, 'exports.greet = (name) => `Good morning ${name}`;');
  await changed;
  await runtime.sessions.create({ template: 'greeter', name: 'second' });
  console.log('second:', await said('second'));
  console.log(
    'first:',
    await said('first'),
    runtime.sessions.get(session.id).stale.map(({ change }) => change),
  );

  try {
    await libraries.add({ spec: join(folder, 'nothing.js') });
  } catch (error) {
    if (!(error instanceof LibraryError)) throw error;
    console.log('refused:', error.code);
  }
} finally {
  await runtime.close();
  await libraries.close();
  await rm(folder, { recursive: true });
}
