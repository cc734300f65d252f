// Bytes to the text that people read.
const units = ['B', 'KiB', 'MiB', 'GiB'];

/** Three digits and a unit, `0 B` to GiB: `1.5 KiB`, `24 KiB`. */
export function sizeText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  const digits = unit === 0 || size >= 10 ? 0 : 1;
  return `${size.toFixed(digits)} ${units[unit]}`;
}
