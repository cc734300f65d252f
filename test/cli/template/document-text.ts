// The text of a template file to the document that it holds, and back.
import fc from 'fast-check';
import t from 'tap';
import type { TemplateDocument } from '#src/records/index.js';
import { formatDocument, parseDocumentText } from '#src/cli/template/document-text.js';

t.test('YAML and JSON are read, and what editors need is left out', async (t) => {
  const document = { name: 'x', limits: { cpuMs: 9 }, env: { N: 'no' } };
  for (const text of [
    'name: x\nlimits: {cpuMs: 9}\nenv:\n  N: no\n',
    '# $schema\n---\n$schema: here\nname: x\nlimits:\n  cpuMs: 9\nenv: {N: "no"}\n',
    JSON.stringify({ $schema: 'here', ...document }),
    JSON.stringify(document, undefined, '\t'),
  ]) {
    t.strictSame(await parseDocumentText(text, 'file'), document, text);
  }
});

t.test('what is no document is refused, with the place', async (t) => {
  for (const [text, message] of [
    ['', /file: expected a template document/],
    ['- name: x', /expected a template document/],
    ['name: a\n---\nname: b', /more than one document/],
    ['name: x\nname: y', /unique at line 2/],
    ['name: [', /at line 1/],
    ['name: *x', /file: .*alias/i],
    ['name: x\ndryRun: true', /dryRun: unknown/],
    ['limits: {}', /name: missing/],
    ['name: x\nenv: {A: 1}', /env\.A: expected string, got number/],
    ['name: x\n<<: {env: {}}', /<<: unknown/],
  ] as const) {
    await t.rejects(parseDocumentText(text, 'file'), { message }, JSON.stringify(text));
  }
  const bomb = ['a0: &a0 [x]'];
  for (let i = 1; i < 12; i += 1)
    bomb.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  await t.rejects(parseDocumentText(bomb.join('\n'), 'file'), { message: /alias/i });
});

t.test('parse(format(d)) = d', async (t) => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('no', '1:30', '1e3', '0x1', '~', 'a\nb: #c', ' x ', '', '<<'),
  );
  const documents: fc.Arbitrary<TemplateDocument> = fc.record({
    name: fc.constantFrom('x', '1', 'null', 'true', '1e3', 'y'),
    env: fc.dictionary(fc.constantFrom('A', 'no', 'y', '_1'), text),
    capabilities: fc.array(
      fc.record({ kind: fc.constant('fs' as const), name: text.filter((name) => name !== '') }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(
      documents,
      fc.constantFrom('yaml' as const, 'json' as const),
      async (document, format) => {
        const written = await formatDocument(document, { format, schema: 'file:///s.json' });
        t.same(await parseDocumentText(written, 'file'), document);
      },
    ),
  );
});
