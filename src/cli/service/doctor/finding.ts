// One thing that the doctor looked at, what it found, and the cure.
export interface Finding {
  check: string;
  /** `note`: nothing is wrong, but it is good to know. */
  verdict: 'ok' | 'wrong' | 'note';
  says: string;
  /** Commands, or sentences, that put it right; in order. */
  cure?: readonly string[];
}

export const ok = (check: string, says: string): Finding => ({ check, verdict: 'ok', says });

export const wrong = (check: string, says: string, ...cure: string[]): Finding => ({
  check,
  verdict: 'wrong',
  says,
  cure,
});

export const told = (check: string, says: string, ...cure: string[]): Finding => ({
  check,
  verdict: 'note',
  says,
  ...(cure.length > 0 ? { cure } : {}),
});
