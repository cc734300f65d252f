// Templates as documents: applied they are exactly what was said, and what is exported is what to say.
import fc from 'fast-check';
import t from 'tap';
import { TemplateDocument, type PolicyInput } from '#src/records/index.js';
import { toCapability } from '#src/runtime/policy.js';
import type { LibrarySource } from '#src/runtime/types.js';
import { aLibrary } from '../fixtures/libraries.js';
import { openTestRuntime } from '../fixtures/runtime.js';

const integrity = (letter: string): string => `sha512-${letter.repeat(86)}==`;

t.test('what is not said is as in a new template, and the same again is no new version', async (t) => {
  const { templates, documents } = await openTestRuntime(t);
  const made = documents.apply({ name: 'x', limits: { cpuMs: 9 }, env: { A: '1' }, startup: ['a.js'] });
  t.match(made, { created: true, applied: true, template: { name: 'x', version: 1, limits: { cpuMs: 9 } } });
  t.strictSame(made.changes, [
    { path: 'limits.cpuMs', before: 5000, after: 9 },
    { path: 'startup.a.js', after: 10 },
    { path: 'env.A', after: '1' },
  ]);
  t.strictSame(
    documents.apply({ name: 'x', env: { A: '1' }, startup: [{ path: './a.js' }], limits: { cpuMs: 9 } }),
    {
      template: made.template,
      created: false,
      changes: [],
      applied: false,
    },
  );
  const changed = documents.apply({
    name: 'x',
    env: { B: '2' },
    capabilities: [{ kind: 'env', name: 'HOME' }],
  });
  t.match(changed, { created: false, applied: true, template: { version: 2, startup: [], env: { B: '2' } } });
  t.strictSame(changed.changes, [
    { path: 'limits.cpuMs', before: 9, after: 5000 },
    { path: 'capabilities.env HOME', after: { enabled: true, config: {} } },
    { path: 'startup.a.js', before: 10 },
    { path: 'env.A', before: '1' },
    { path: 'env.B', after: '2' },
  ]);
  t.strictSame(templates.get('x'), changed.template);
});

t.test('a dry run changes nothing, and finds the same faults', async (t) => {
  const { templates, documents } = await openTestRuntime(t);
  t.strictSame(documents.apply({ name: 'x', limits: { memMb: 64 } }, { dryRun: true }), {
    created: true,
    changes: [{ path: 'limits.memMb', before: 128, after: 64 }],
    applied: false,
  });
  t.throws(() => templates.get('x'), { code: 'TEMPLATE_NOT_FOUND' });
  t.match(documents.apply({ name: 'default', runtime: { esm: true } }, { dryRun: true }), {
    template: { version: 1, runtime: { esm: false } },
    changes: [{ path: 'runtime.esm', before: false, after: true }],
    applied: false,
  });
  for (const [document, code] of [
    [{ name: 'x', limits: { memMb: 1 } }, 'VALIDATION_ERROR'],
    [{ name: 'tpl_x' }, 'VALIDATION_ERROR'],
    [{ name: 'x', startup: ['../a.js'] }, 'INVALID_PATH'],
    [{ name: 'x', libraries: ['none'] }, 'LIBRARY_NOT_FOUND'],
    [{ name: 'x', capabilities: [{ kind: 'module', name: 'JSON' }] }, 'MODULE_NOT_ALLOWED'],
  ] as const) {
    for (const dryRun of [true, false]) {
      t.throws(() => documents.apply(document as unknown as TemplateDocument, { dryRun }), { code });
    }
  }
  t.equal(templates.list().items.length, 1);
});

t.test('libraries are pinned by what the cache has, which must be what the document means', async (t) => {
  const cache = new Map([
    ['lodash@4.17.21', { ...aLibrary(), integrity: integrity('a') }],
    ['dayjs@1.0.0', { ...aLibrary({ name: 'dayjs', version: '1.0.0' }), integrity: integrity('b') }],
  ]);
  for (const [id, library] of cache) Object.assign(library, { id, global: id });
  const libraries: LibrarySource = {
    get: (wanted) => {
      const found = [...cache.values()].find(({ id, name }) => id === wanted || name === wanted);
      if (found === undefined) throw Object.assign(new Error('none'), { code: 'LIBRARY_NOT_FOUND' });
      return found;
    },
    read: async () => '',
  };
  const { documents } = await openTestRuntime(t, { libraries });
  const { template } = documents.apply({ name: 'x', libraries: ['lodash', 'dayjs@1.0.0'] });
  t.strictSame(template?.libraries, [
    { id: 'lodash@4.17.21', integrity: integrity('a') },
    { id: 'dayjs@1.0.0', integrity: integrity('b') },
  ]);
  t.strictSame(documents.export('x'), { name: 'x', libraries: ['lodash@4.17.21', 'dayjs@1.0.0'] });
  t.strictSame(documents.export('x', { integrity: true }).libraries, template?.libraries);
  t.strictSame(documents.apply({ name: 'x', libraries: ['dayjs', 'lodash'] }).changes, [
    {
      path: 'libraries',
      before: ['lodash@4.17.21', 'dayjs@1.0.0'],
      after: ['dayjs@1.0.0', 'lodash@4.17.21'],
    },
  ]);
  const other = [{ id: 'lodash@4.17.21', integrity: integrity('c') }];
  t.throws(() => documents.apply({ name: 'x', libraries: other }), {
    code: 'INTEGRITY_MISMATCH',
    message: /lodash@4\.17\.21.*expected sha512-c.*got sha512-a/,
  });
  t.throws(() => documents.apply({ name: 'y', libraries: ['lodash', 'lodash'] }), {
    code: 'VALIDATION_ERROR',
  });

  const document = documents.export('x', { integrity: true });
  cache.clear();
  t.match(documents.apply(document), { changes: [], applied: false }, 'also where the cache has lost them');
  t.match(documents.apply({ ...document, env: { A: '' } }), {
    applied: true,
    template: { libraries: { length: 2 } },
  });
});

const anyPolicy: fc.Arbitrary<PolicyInput> = fc.record(
  {
    limits: fc.record(
      { cpuMs: fc.constantFrom(1, 5000), memMb: fc.integer({ min: 16, max: 2048 }) },
      { requiredKeys: [] },
    ),
    resolver: fc.record(
      {
        roots: fc.uniqueArray(fc.constantFrom('src', 'lib', '.'), { maxLength: 3 }),
        extensions: fc.constant(['.js']),
      },
      { requiredKeys: [] },
    ),
    runtime: fc.record({ esm: fc.boolean(), warm: fc.boolean() }, { requiredKeys: [] }),
    capabilities: fc.uniqueArray(
      fc.oneof(
        fc.record(
          {
            kind: fc.constant('fs' as const),
            name: fc.constantFrom('/a', '/b', '~/c'),
            enabled: fc.boolean(),
            config: fc.constantFrom({}, { write: true }),
          },
          { requiredKeys: ['kind', 'name'] },
        ),
        fc.record({ kind: fc.constant('module' as const), name: fc.constantFrom('fs', 'path', 'database') }),
        fc.record({ kind: fc.constant('env' as const), name: fc.constantFrom('HOME', '__proto__') }),
      ),
      { selector: ({ kind, name }) => `${kind} ${name}`, maxLength: 6 },
    ),
    startup: fc.uniqueArray(
      fc.record(
        { path: fc.constantFrom('a.js', 'b.js', 'c.js', '10'), order: fc.integer({ min: 0, max: 40 }) },
        { requiredKeys: ['path'] },
      ),
      { selector: ({ path }) => path },
    ),
    env: fc.dictionary(fc.constantFrom('A', 'B', '_x'), fc.string()),
  },
  { requiredKeys: [] },
);

t.test('apply(export(t)) changes nothing, and makes the same template elsewhere', async (t) => {
  const [one, other] = [await openTestRuntime(t), await openTestRuntime(t)];
  let count = 0;
  fc.assert(
    fc.property(anyPolicy, (policy) => {
      for (const capability of policy.capabilities ?? []) toCapability(capability);
      const name = `t${count++}`;
      const { id: _id, createdAt: _c, updatedAt: _u, ...made } = one.templates.create({ name, ...policy });
      const document = TemplateDocument.parse(JSON.parse(JSON.stringify(one.documents.export(name))));
      t.strictSame(one.documents.apply(document).changes, []);
      t.equal(one.templates.get(name).version, 1);
      t.match(other.documents.apply(document), { created: true });
      const { id: _i, createdAt: _ca, updatedAt: _up, ...copied } = other.templates.get(name);
      t.strictSame(copied, made);
    }),
    { numRuns: 60 },
  );
});
