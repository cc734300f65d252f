// Where the code of the prelude's lazily loaded parts stands: the engine names no file for what `eval` runs, so each
// part begins on this line of its text, and frames on it are known as ours.

/** Far beyond the lines of what scripts give to `eval`. */
export const partLine = 4001;
