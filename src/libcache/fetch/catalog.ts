// The libraries that can be added by name alone: versions and entries that are known to work in a session.
import type { CatalogItem } from '../types.js';

interface CatalogEntry extends CatalogItem {
  /** Where the package is to begin, if not where its package.json says. */
  entry?: string;
}

const item = (
  name: string,
  version: string,
  global: string,
  description: string,
  entry?: string,
): CatalogEntry => ({
  id: `${name}@${version}`,
  name,
  version,
  global,
  description,
  ...(entry === undefined ? {} : { entry }),
});

export const catalog: readonly CatalogEntry[] = [
  item('lodash', '4.17.21', '_', 'functions for arrays, objects, strings and more'),
  item('moment', '2.29.4', 'moment', 'dates: parse, format, calculate'),
  item('axios', '1.6.0', 'axios', 'HTTP requests; needs something that can send them'),
  item('ramda', '0.29.0', 'R', 'functional programming: curried, data last'),
  item('dayjs', '1.11.10', 'dayjs', 'dates in 2 kB, with moment’s names'),
  item('zustand', '4.4.7', 'zustand', 'a small store for state, without React', 'vanilla'),
];

/** The item of the catalogue that has this name. */
export const findInCatalog = (name: string): CatalogEntry | undefined =>
  catalog.find((entry) => entry.name === name);
