// A name that does not exist becomes a hint at one that does.
import { closestMatch } from 'leven';

/** Longer words are no typos, and comparing them costs time: the sender chooses their length. */
const maxWordLength = 64;

/** `; did you mean "exec.repl"?`, or nothing where no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  if (word.length > maxWordLength) return '';
  const byLowerCase = new Map(candidates.map((candidate) => [candidate.toLowerCase(), candidate]));
  const maxDistance = Math.max(2, Math.floor(word.length / 4));
  const match = closestMatch(word.toLowerCase(), [...byLowerCase.keys()], { maxDistance });
  const found = match === undefined ? undefined : byLowerCase.get(match);
  return found === undefined ? '' : `; did you mean "${found}"?`;
}
