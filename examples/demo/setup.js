// Startup file of the demo's template: what every session made from it knows from the beginning.
/* oxlint-disable no-unused-vars -- the scripts that run later in the session use them */

/** Counts things by name, the most frequent first. */
class Tally {
  #counts = new Map();

  add(name, by = 1) {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  get(name) {
    return this.#counts.get(name) ?? 0;
  }

  top(count = Infinity) {
    return [...this.#counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, count);
  }
}

/** The value below which `share` (0 to 1) of the numbers lie. */
function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const groupBy = (items, keyOf) => {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
};
