// Sizes as people read them.
import t from 'tap';
import { sizeText } from '#src/cli/output/size.js';

t.test('a size has at most four digits and a unit', async (t) => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [12_345, '12 KiB'],
    [1_572_864, '1.5 MiB'],
    [5 * 2 ** 40, '5120 GiB'],
  ] as const) {
    t.equal(sizeText(bytes), text);
  }
});
