/** Writes the prelude to `outfile`, and the parts beside it. */
export function buildGuest(outfile: string): Promise<void>;
