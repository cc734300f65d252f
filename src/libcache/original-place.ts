// A place in a bundle to the place in the file that this part of it was made of.
import { SourceMap } from 'node:module';

/** `message`, where it ends with a place such as `(line 41, column 9)`, with that of the file; lines begin with 1. */
export function atOriginal(message: string, sourceMap: string): string {
  return message.replace(/\(line (\d+), column (\d+)\)$/, (place, line: string, column: string) => {
    const found = new SourceMap(JSON.parse(sourceMap)).findEntry(Number(line) - 1, Number(column) - 1);
    return 'originalSource' in found
      ? `(${found.originalSource}, line ${found.originalLine + 1}, column ${found.originalColumn + 1})`
      : place;
  });
}
