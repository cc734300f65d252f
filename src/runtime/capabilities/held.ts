// What a session's scripts hold of the host, such as open files and databases, each by a number. The number is in the
// session's memory, which may sleep, be copied, or be put back to before: whoever has one may ask with it at any time,
// anywhere. So none is given twice, in no process, and one that is not known here means nothing.
import { randomInt } from 'node:crypto';

/** Above what anybody guesses by habit, such as 0 to 2; whole in JavaScript, and as many as `randomInt` can choose of. */
const [least, beyond] = [2 ** 32, 2 ** 48];

export class Held<Thing> {
  readonly #things = new Map<number, Thing>();

  get size(): number {
    return this.#things.size;
  }

  get all(): Thing[] {
    return [...this.#things.values()];
  }

  /** Answers the number that it is held by from now on. */
  add(thing: Thing): number {
    const number = randomInt(least, beyond);
    this.#things.set(number, thing);
    return number;
  }

  find(number: number): Thing | undefined {
    return this.#things.get(number);
  }

  /** Forgets it; whoever calls lets go of the thing itself. */
  take(number: number): Thing | undefined {
    const thing = this.#things.get(number);
    this.#things.delete(number);
    return thing;
  }
}
