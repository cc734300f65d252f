// Samples into the few numbers a table shows.

/**
 * The value below which so many of 100 samples lie.
 * @param {readonly number[]} samples
 * @param {number} percent
 * @returns {number}
 */
export function percentile(samples, percent) {
  if (samples.length === 0) throw new Error('percentile: expected samples, got none');
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** @param {readonly number[]} samples */
export const median = (samples) => percentile(samples, 50);

/**
 * Three significant digits: the machine gives no more.
 * @param {number} value
 */
export const round = (value) => Number(value.toPrecision(3));
