// Whether an output takes colours, and text to coloured text.
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'gray';

/** Gives `text` a style, or leaves it alone where the output takes no colours. */
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;

// Node would ask standard output again; we have asked the right stream already.
const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

export const paintFor = (colours: boolean): Paint => (colours ? coloured : plain);

/** `flag` is what `--color` or `--no-color` said. `NO_COLOR` and `FORCE_COLOR` are as in no-color.org and Node. */
export function takesColours(
  output: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): boolean {
  if (flag !== undefined) return flag;
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0';
  return output.isTTY === true && env['TERM'] !== 'dumb';
}
