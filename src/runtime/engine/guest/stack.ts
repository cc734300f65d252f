// Stack traces: QuickJS's list of frames into what V8 prints, `Name: message` and then frames of the user's code
// only. The prelude's frames go, and with them the native ones that are not between two of the user's.
import {
  endsWith,
  exec,
  indexOf,
  join,
  mapGet,
  mapSet,
  NativeError,
  newMap,
  push,
  slice,
  startsWith,
  toNumber,
} from './primordials.js';
import { readOwn } from './read.js';
import { split } from './text.js';
import parts from './parts/parts.json' with { type: 'json' };

/** More frames than this are counted, not listed. V8 keeps 10. */
const maxFrames = 20;
/**
 * The engine names no file for what `eval` runs. So the code of a part begins on this line of its text, far beyond
 * the lines of what scripts give to `eval`, and frames on it are known as ours.
 */
const partPlace = `<input>:${parts.line}:`;
/** So many lines are looked at: a stack overflow leaves some thousand. */
const maxLines = 10_000;

type Owner = 'user' | 'ours' | 'native';

interface Frame {
  owner: Owner;
  name: string;
  place: string;
}

/** Whether `stack` is as the engine made it, without a first line that names the error. */
export const isRawStack = (stack: string): boolean => stack === '' || startsWith(stack, '    at ');

/** A stack begins with its innermost frame. */
export const skipNone: Skip = { through: undefined, constructors: [] };

/** Which of the innermost frames a stack does not begin with. */
export interface Skip {
  /** All down to the function of this name. */
  through: string | undefined;
  /** Those of these constructors: they only made the error. */
  constructors: readonly string[];
}

/** The lines `    at …` of a raw stack, each after a line break. */
export function cleanFrames(raw: string, skip: Skip): string {
  const frames = userFrames(parseFrames(raw));
  const first = firstFrame(frames, skip);
  const lines: string[] = [''];
  for (let index = first; index < frames.length && index < first + maxFrames; index++) {
    push(lines, frameLine(frames[index] as Frame));
  }
  const left = frames.length - first - maxFrames;
  if (left > 0) push(lines, `    ... ${left} more frames`);
  return join(lines, '\n');
}

function firstFrame(frames: readonly Frame[], { through, constructors }: Skip): number {
  for (let index = 0; through !== undefined && index < frames.length; index++) {
    if (frames[index]?.name === through) return index + 1;
  }
  let first = 0;
  for (let index = 0; index < constructors.length; index++) {
    if (first < frames.length && frames[first]?.name === constructors[index]) first++;
  }
  return first;
}

function parseFrames(raw: string): Frame[] {
  const frames: Frame[] = [];
  const lines = split(raw, '\n');
  for (let index = 0; index < lines.length && index < maxLines; index++) {
    const line = lines[index] as string;
    if (!startsWith(line, '    at ')) continue;
    const text = slice(line, 7);
    const open = endsWith(text, ')') ? indexOf(text, ' (') : -1;
    const name = open === -1 ? '' : slice(text, 0, open);
    const place = open === -1 ? text : slice(text, open + 2, -1);
    push(frames, { owner: ownerOf(place), name, place });
  }
  return frames;
}

function ownerOf(place: string): Owner {
  if (place === 'native') return 'native';
  return startsWith(place, 'vmsys:prelude:') || startsWith(place, partPlace) ? 'ours' : 'user';
}

function userFrames(frames: readonly Frame[]): Frame[] {
  const kept: Frame[] = [];
  let natives: Frame[] = [];
  // What the natives at hand stand on top of: frames come innermost first.
  let outer: Owner = 'ours';
  for (let index = 0; index < frames.length; index++) {
    const frame = frames[index] as Frame;
    if (frame.owner === 'native') {
      push(natives, frame);
      continue;
    }
    if (frame.owner === 'user') {
      if (outer === 'user') for (let at = 0; at < natives.length; at++) push(kept, natives[at] as Frame);
      push(kept, frame);
    }
    natives = [];
    outer = frame.owner;
  }
  return kept;
}

/** Files whose code was compiled inside of a function that begins on the first line: by how many columns. */
const shifts = newMap<string, number>();

/** Says that the first line of a file has so many columns in front that are not its own. */
export const shiftFirstLine = (file: string, columns: number): void => void mapSet(shifts, file, columns);

const firstLine = /^([^]*):1:(\d+)$/;

function ownPlace(place: string): string {
  const match = exec(firstLine, place);
  const shift = match === null ? undefined : mapGet(shifts, match[1] as string);
  const column = toNumber(match?.[2]);
  return shift === undefined || column <= shift ? place : `${match?.[1]}:1:${column - shift}`;
}

const fileOfPlace = /^([^]*):\d+:\d+$/;
/** What the engine calls code that `eval` or `Function` compiled. */
const evaluated = '<input>';

/** The file of the code that called the prelude; `<input>` where none is known. */
export function callerFile(): string {
  const frames = userFrames(parseFrames(readOwn(new NativeError(), 'stack') as string));
  for (let index = 0; index < frames.length; index++) {
    const file = exec(fileOfPlace, (frames[index] as Frame).place)?.[1];
    if (file !== undefined && file !== evaluated) return file;
  }
  return evaluated;
}

function frameLine({ name, place: raw }: Frame): string {
  const place = ownPlace(raw);
  const unnamed = name === '' || (startsWith(name, '<') && endsWith(name, '>'));
  return unnamed ? `    at ${place}` : `    at ${name} (${place})`;
}
