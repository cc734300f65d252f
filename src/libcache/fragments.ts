// A text that should be JSON to the objects that can still be found in it, each whole or as far as it goes. One pass,
// whatever the text is: a damage in one object keeps nothing from those beside it.

export interface Fragment {
  /** From its brace to its end, or to the end of what there is. */
  text: string;
  /** What it means; `undefined` where it is no JSON. */
  value: unknown;
}

/** Objects in objects in objects: as deep as the manifest is, and some more. Those around them are not kept. */
const maxDepth = 8;

/** Inner ones before outer ones, the ones that never end last. Never throws. */
export function fragmentsOf(text: string): Fragment[] {
  const found: Fragment[] = [];
  const open: number[] = [];
  let isString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    // No string of JSON goes on past a line: one that lost its end takes nothing else with it.
    if (char === '\n') isString = false;
    else if (isString && char === '\\') at += 1;
    else if (char === '"') isString = !isString;
    else if (isString) continue;
    else if (char === '{') {
      open.push(at);
      if (open.length > maxDepth) open.shift();
    } else if (char === '}') {
      const start = open.pop();
      if (start !== undefined) found.push(fragment(text.slice(start, at + 1)));
    }
  }
  return [...found, ...open.reverse().map((start) => ({ text: text.slice(start), value: undefined }))];
}

/** The text that a fragment's property has, where it can be read; of several the first. */
export function textIn(fragment: Fragment, property: string): string | undefined {
  const match = new RegExp(`"${property}"\\s*:\\s*("(?:[^"\\\\\\n]|\\\\.)*")`).exec(fragment.text);
  const value = match?.[1] === undefined ? undefined : parsed(match[1]);
  return typeof value === 'string' ? value : undefined;
}

const fragment = (text: string): Fragment => ({ text, value: parsed(text) });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
