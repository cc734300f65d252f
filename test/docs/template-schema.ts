// docs/template.schema.json, which editors use: it takes what the daemon takes.
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import t from 'tap';
import { catalogue } from '#src/runtime/capabilities/catalogue.js';

const text = readFileSync(new URL('../../docs/template.schema.json', import.meta.url), 'utf8');
const validate = new Ajv({ strict: false }).compile(JSON.parse(text) as object);

t.test('documents as people write them are valid', async (t) => {
  for (const document of [
    { name: 'x' },
    {
      $schema: 'here',
      name: 'x',
      limits: { cpuMs: 1 },
      resolver: {},
      runtime: { esm: true },
      env: { A: '' },
    },
    { name: 'x', startup: ['a.js', { path: 'b.js', order: 3 }, { path: 'c.js' }] },
    { name: 'x', libraries: ['lodash', { id: 'dayjs@1.11.10' }] },
    { name: 'x', capabilities: [{ kind: 'module', name: 'fs', config: { write: true } }] },
    { name: 'x', capabilities: [{ kind: 'global', name: 'Buffer' }] },
    { name: 'x', capabilities: [{ kind: 'module', name: 'exec', config: { allow: ['git log'] } }] },
    { name: 'x', capabilities: [{ kind: 'fs', name: '~/data', enabled: false }] },
    { name: 'x', capabilities: [{ kind: 'env', name: 'HOME' }] },
    { name: 'x', capabilities: [{ kind: 'net', name: 'https://a.example', config: { methods: ['POST'] } }] },
  ]) {
    t.ok(validate(document), JSON.stringify([document, validate.errors]));
  }
  const modules = catalogue
    .filter(({ name, grantedBy }) => name !== 'exec' && grantedBy === undefined)
    .map(({ name }) => ({ kind: 'module', name }));
  t.ok(validate({ name: 'x', capabilities: modules }), 'every module');
});

t.test('what the daemon refuses is marked', async (t) => {
  for (const document of [
    {},
    { name: 'a b' },
    { name: 'x', limit: {} },
    { name: 'x', limits: { cpuMs: 0 } },
    { name: 'x', env: { A: 1 } },
    { name: 'x', capabilities: [{ kind: 'module', name: 'JSON' }] },
    { name: 'x', capabilities: [{ kind: 'module', name: 'fs', config: { wirte: true } }] },
    { name: 'x', capabilities: [{ kind: 'module', name: 'exec' }] },
    { name: 'x', capabilities: [{ kind: 'fs', name: 'relative' }] },
    { name: 'x', capabilities: [{ kind: 'env', name: 'A-B' }] },
    { name: 'x', capabilities: [{ kind: 'net', name: 'https://a.example/path' }] },
    { name: 'x', capabilities: [{ kind: 'module', name: 'net' }] },
    { name: 'x', libraries: [{ id: 'dayjs@1.11.10', integrity: 'sha1-x' }] },
  ]) {
    t.notOk(validate(document), JSON.stringify(document));
  }
});
