// What scripts expect of the language and this engine lacks: small enough to be there from the start.
import { NativeError, apply, construct, defineProperty } from '../primordials.js';
import { headerOf, setStack } from '../errors.js';
import { isObject, readOwn } from '../read.js';
import { cleanFrames } from '../stack.js';

const NativeTypeError = TypeError;

type Mapper = (item: unknown, index: number) => unknown;

export const missingStatics = {
  /** V8's `Error.captureStackTrace`: gives `target` a stack of its callers, from below the function `above`. */
  captureStackTrace(target: unknown, above?: unknown): void {
    if (!isObject(target)) {
      throw new NativeTypeError(
        `Error.captureStackTrace: expected an object as the first argument, got ${typeof target}`,
      );
    }
    const name = typeof above === 'function' ? readOwn(above, 'name') : undefined;
    const skip = { through: typeof name === 'string' ? name : undefined, constructors: [] };
    const frames = cleanFrames(new NativeError().stack ?? '', skip);
    setStack(target, headerOf(target) + frames);
  },

  /** ES2026's `Array.fromAsync`. */
  async fromAsync(this: unknown, items: unknown, map?: Mapper, thisArgument?: unknown): Promise<object> {
    if (map !== undefined && typeof map !== 'function') {
      throw new NativeTypeError(
        `Array.fromAsync: expected a function as the second argument, got ${typeof map}`,
      );
    }
    const source = items as AsyncIterable<unknown> & Iterable<unknown> & ArrayLike<unknown>;
    const isIterable = (source[Symbol.asyncIterator] ?? source[Symbol.iterator]) !== undefined;
    const list: object = typeof this === 'function' ? (construct(this, []) as object) : [];
    let length = 0;
    const add = async (item: unknown): Promise<void> => {
      const value: unknown = map === undefined ? item : await apply(map, thisArgument, [item, length]);
      const plain = { __proto__: null, value, writable: true, enumerable: true, configurable: true };
      defineProperty(list, length, plain as PropertyDescriptor);
      length++;
    };
    if (isIterable) for await (const item of source) await add(item);
    else while (length < source.length) await add(await source[length]);
    (list as { length: number }).length = length;
    return list;
  },
};
