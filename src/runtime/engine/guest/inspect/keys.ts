// The properties of an object that are shown.
import { getOwnSymbols, isEnumerable, objectKeys, ownKeys, push } from '../primordials.js';
import type { Context } from './context.js';
import { isIndex, mayHaveOtherKeys } from './entries.js';

/** The properties that are shown: the enumerable ones, or all. */
export function keysOf(context: Context, value: object): PropertyKey[] {
  if (context.showHidden) return ownKeys(value);
  const keys: PropertyKey[] = objectKeys(value);
  const symbols = getOwnSymbols(value);
  for (let index = 0; index < symbols.length; index++) {
    const symbol = symbols[index] as symbol;
    if (isEnumerable(value, symbol)) push(keys, symbol);
  }
  return keys;
}

/** As {@link keysOf}, without the indices that an array's items show already. */
export function otherKeys(context: Context, value: object, length: number): PropertyKey[] {
  const others: PropertyKey[] = [];
  if (!mayHaveOtherKeys(length)) return others;
  const keys = keysOf(context, value);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as PropertyKey;
    if (typeof key !== 'string' || !isIndex(key)) push(others, key);
  }
  return others;
}
