// What a benchmark answers: its rows as one JSON line on standard output.
import { parseArgs } from 'node:util';
import { round } from './stats.mjs';

/**
 * One number of the subject, and the floor's from the same run where there is one. `aim` is a most (or, with `least`,
 * a least) for the ratio to the floor, or for the value itself where there is no floor.
 * @typedef {{ what: string, unit: string, value: number, floor?: number, aim?: number, least?: boolean }} Row
 */

/** `--quick`: as few rounds as show that it works; its numbers mean nothing. */
export const { quick } = parseArgs({ options: { quick: { type: 'boolean', default: false } } }).values;

/**
 * How often to do something: `full` times, or `few` with `--quick`.
 * @param {number} full
 * @param {number} few
 */
export const times = (full, few) => (quick ? few : full);

/**
 * Prints the answer. Called once, at the end of a benchmark.
 * @param {string} name
 * @param {string} question
 * @param {readonly Row[]} rows
 */
export function report(name, question, rows) {
  const finished = rows.map(({ what, unit, value, floor, aim, least = false }) => {
    const ratio = floor === undefined ? undefined : value / floor;
    const compared = ratio ?? value;
    return {
      what,
      unit,
      value: round(value),
      ...(floor === undefined ? {} : { floor: round(floor) }),
      ...(ratio === undefined ? {} : { ratio: Number(ratio.toFixed(2)) }),
      ...(aim === undefined ? {} : { aim, met: least ? compared >= aim : compared <= aim }),
    };
  });
  process.stdout.write(`${JSON.stringify({ name, question, quick, rows: finished })}\n`);
}

/**
 * Says that this machine cannot answer the question, and why. Called instead of `report`.
 * @param {string} name
 * @param {string} question
 * @param {string} reason
 */
export function skip(name, question, reason) {
  process.stdout.write(`${JSON.stringify({ name, question, quick, rows: [], skipped: reason })}\n`);
}
