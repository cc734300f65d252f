// Headers, by the fetch standard, as far as scripts use them.

export type HeadersInit = Headers | Iterable<readonly [unknown, unknown]> | Readonly<Record<string, unknown>>;

const token = /^[\w!#$%&'*+.^`|~-]+$/;

function toName(name: unknown): string {
  const text = String(name);
  if (token.test(text)) return text.toLowerCase();
  throw new TypeError(`Headers: ${JSON.stringify(text.slice(0, 100))} is not the name of a header`);
}

function toValue(name: string, value: unknown): string {
  const text = String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  // eslint-disable-next-line no-control-regex
  if (!/[\0\r\n]|[^\0-\xff]/.test(text)) return text;
  throw new TypeError(`Headers: the value of ${JSON.stringify(name)} cannot be sent`);
}

export class Headers {
  /** Values by name; only `set-cookie` has more than one. */
  readonly #values = new Map<string, string[]>();

  constructor(init?: HeadersInit | null) {
    if (init === undefined || init === null) return;
    if (typeof init !== 'object') throw new TypeError('Headers: expected an object, or pairs');
    const pairs =
      Symbol.iterator in init ? (init as Iterable<readonly [unknown, unknown]>) : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }

  append(name: unknown, value: unknown): void {
    const key = toName(name);
    const text = toValue(key, value);
    const present = this.#values.get(key);
    if (present === undefined) this.#values.set(key, [text]);
    else if (key === 'set-cookie') present.push(text);
    else present[0] = `${present[0] ?? ''}${key === 'cookie' ? '; ' : ', '}${text}`;
  }

  set(name: unknown, value: unknown): void {
    const key = toName(name);
    this.#values.set(key, [toValue(key, value)]);
  }

  get(name: unknown): string | null {
    return this.#values.get(toName(name))?.join(', ') ?? null;
  }

  has(name: unknown): boolean {
    return this.#values.has(toName(name));
  }

  delete(name: unknown): void {
    this.#values.delete(toName(name));
  }

  getSetCookie(): string[] {
    return [...(this.#values.get('set-cookie') ?? [])];
  }

  *entries(): IterableIterator<[string, string]> {
    const sorted = [...this.#values].sort(([left], [right]) => (left < right ? -1 : 1));
    for (const [name, values] of sorted) for (const value of values) yield [name, value];
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.entries()) callback.call(self, value, name, this);
  }

  get [Symbol.toStringTag](): string {
    return 'Headers';
  }

  [Symbol.for('nodejs.util.inspect.custom')](
    depth: number,
    options: unknown,
    inspect: (value: unknown, options: unknown) => string,
  ): unknown {
    return depth < 0 ? this : `Headers ${inspect(Object.fromEntries(this.entries()), options)}`;
  }
}

export const toPairs = (headers: Headers): [string, string][] => [...headers.entries()];
