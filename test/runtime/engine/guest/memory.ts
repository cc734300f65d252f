// What the prelude costs: every page it touches is compared after every call of every session.
import t from 'tap';
import { RELEASE_SYNC, newQuickJSWASMModuleFromVariant, newVariant } from 'quickjs-emscripten';
import { Guest } from '../../../fixtures/guest.js';

const pageBytes = 4096;
const zeros = Buffer.alloc(pageBytes);

function touchedPages(memory: WebAssembly.Memory): number {
  const bytes = Buffer.from(memory.buffer);
  let count = 0;
  for (let start = 0; start < bytes.length; start += pageBytes) {
    if (zeros.compare(bytes, start, start + pageBytes) !== 0) count++;
  }
  return count;
}

t.test('the prelude touches fewer than 140 pages', async (t) => {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 512 });
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory: memory }));
  let bare = 0;
  await Guest.boot(quickjs, () => (bare = touchedPages(memory)));
  const prelude = touchedPages(memory) - bare;
  t.comment(`${bare} pages without, ${prelude} of the prelude`);
  t.ok(bare > 30 && prelude < 140, `${prelude} pages`);
});

t.test('showing values again and again leaves nothing behind', async (t) => {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 512 });
  const quickjs = await newQuickJSWASMModuleFromVariant(newVariant(RELEASE_SYNC, { wasmMemory: memory }));
  const guest = await Guest.boot(quickjs);
  const round = (): void => {
    for (let index = 0; index < 200; index++) {
      const value = guest.context.unwrapResult(
        guest.context.evalCode('({ a: [1, { b: new Map([[1, 2]]) }], e: new Error("e") })'),
      );
      guest.call('describe', value, 1000);
      value.dispose();
    }
  };
  round();
  const before = touchedPages(memory);
  round();
  t.equal(touchedPages(memory), before);
});
