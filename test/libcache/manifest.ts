// The manifest's text: what is read is what was written, and whatever else is there is never taken for one.
import fc from 'fast-check';
import t from 'tap';
import { contentName, integrityOf, isContentName } from '#src/libcache/content-name.js';
import { formatManifest, libraryOf, parseManifest, type Entry } from '#src/libcache/manifest.js';
import { Library } from '#src/records/index.js';

const entryOf = (name: string, version: string, code: string): Entry => {
  const integrity = integrityOf(Buffer.from(code));
  return {
    id: `${name}@${version}`,
    name,
    version,
    source: `npm:${name}@${version}`,
    file: contentName(integrity),
    bytes: Buffer.byteLength(code),
    integrity,
    format: 'script',
    exports: [],
    addedAt: new Date(0).toISOString(),
  };
};
const one = entryOf('one', '1.0.0', 'x');
const withEntry = (entry: unknown): string =>
  JSON.stringify({ version: 1, libraries: [entry, entryOf('b', '1', 'y')] });

const entries = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^(@[a-z]{1,4}\/)?[a-z$_~0-9-][\w.$-]{0,8}$/),
    version: fc.stringMatching(/^\d\.\d\.\d$/),
    code: fc.string({ unit: 'binary' }),
    checked: fc.boolean(),
    inputs: fc.option(fc.array(fc.string().map((path) => `/${path}`)), { nil: undefined }),
  }),
  { selector: ({ name, version }) => `${name}@${version}`, maxLength: 6 },
);

t.test('what is written is what is read', async (t) => {
  fc.assert(
    fc.property(entries, (items) => {
      const manifest = items.map(({ name, version, code, checked, inputs }) => ({
        ...entryOf(name, version, code),
        ...(checked ? {} : { checked: false as const }),
        ...(inputs && { inputs }),
      }));
      const parsed = parseManifest(formatManifest(manifest));
      return parsed.kind === 'ok' && t.same(parsed.entries, manifest);
    }),
  );
});

t.test('a manifest that lost its end is damaged, wherever it was cut', async (t) => {
  const text = formatManifest([one, entryOf('two', '2.0.0', 'y')]);
  for (let length = 0; length < text.trimEnd().length; length += 1)
    if (parseManifest(text.slice(0, length)).kind !== 'damaged') t.fail(`cut at ${length}`);
});

t.test('of a manifest that was cut or has a flipped byte, all entries but one are whole still', async (t) => {
  const all = ['a', 'b', 'c', 'd'].map((name) => ({
    ...entryOf(name, '1.0.0', name),
    dependencies: [{ name: 'x{"', version: '1' }],
  }));
  const text = formatManifest(all);
  const isKept = (damaged: string, least: number): boolean => {
    const parsed = parseManifest(damaged);
    if (parsed.kind !== 'damaged') return true;
    const whole = parsed.salvaged.every((entry) => formatManifest(all).includes(entry.integrity));
    return whole && parsed.salvaged.length >= least;
  };
  for (let at = 0; at < text.length; at += 1) {
    const before = text.slice(0, at).split('"addedAt"').length - 2;
    if (!isKept(text.slice(0, at), before)) t.fail(`cut at ${at}`);
    for (const byte of ['{', '}', '"', '\\', 'x'])
      if (!isKept(`${text.slice(0, at)}${byte}${text.slice(at + 1)}`, 3)) t.fail(`${byte} at ${at}`);
  }
  const parsed = parseManifest(
    text.replace(/"bytes": 1(?=[^]*"name": "c")/, '"bytes": -1').replace(/\]\s*\}\s*$/, ''),
  );
  t.match(parsed, { kind: 'damaged', lost: [{ id: 'a@1.0.0', source: 'npm:a@1.0.0' }] });
});

t.test('any text at all is read without an exception', async () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((libraries) => JSON.stringify({ version: 1, libraries })),
      ),
      (text) => {
        parseManifest(text);
      },
    ),
  );
});

t.test('a manifest from the future is told from a damaged one', async (t) => {
  t.match(parseManifest('{"version":2,"shelves":[]}'), { kind: 'newer', problem: /version 2.*up to 1/ });
  t.match(parseManifest('{"version":0,"libraries":[]}'), { kind: 'damaged' });
  t.match(parseManifest('{"version":"2","libraries":[]}'), { kind: 'damaged' });
  t.match(parseManifest('[]'), { kind: 'damaged', salvaged: [] });
});

t.test('an entry can only name the file that its integrity gives', async (t) => {
  for (const file of [
    '../../etc/passwd',
    '/etc/passwd',
    'files/../../x',
    `${one.file}/x`,
    `./${one.file}`,
    '',
  ])
    t.match(
      parseManifest(withEntry({ ...one, file })),
      { kind: 'damaged', problem: /libraries\.0\.file/, salvaged: [{ id: 'b@1' }] },
      file,
    );
  t.ok(isContentName(one.file.slice('files/'.length)));
  t.notOk(isContentName('../x'));
});

t.test('an entry with another fault is damage, and the others are salvaged', async (t) => {
  const faults: Record<string, unknown>[] = [
    { id: 'two@1.0.0' },
    { name: '../one', id: '../one@1.0.0' },
    { integrity: 'sha1-x' },
    { bytes: -1 },
    { bytes: '13' },
    { format: 'wasm' },
    { checked: true },
    { unknown: 1 },
    { exports: undefined },
    { inputs: ['relative.js'] },
    { source: 'file:relative.js' },
  ];
  for (const fault of faults) {
    const parsed = parseManifest(withEntry({ ...one, ...fault }));
    t.match(parsed, { kind: 'damaged', salvaged: [{ id: 'b@1' }] }, JSON.stringify(fault));
  }
  t.match(parseManifest(withEntry(entryOf('b', '1', 'z'))), { kind: 'damaged', problem: /"b@1" twice/ });
});

t.test('others see of an entry what the record of a library has', async (t) => {
  const library = libraryOf({ ...one, entry: 'x.js', inputs: ['/a'], checked: false });
  t.same(library, one);
  t.ok(Library.safeParse(library).success);
});
