// What a session's scripts hold of the host, such as open files and databases, each by a number. The number is in the
// session's memory, which may sleep, be copied, or be put back to before: whoever has one may ask with it at any time,
// anywhere. So none is given twice, in no process, and one that is not known here means nothing.
import { randomInt } from 'node:crypto';

/** Above what anybody guesses by habit, such as 0 to 2; whole in JavaScript, and as many as `randomInt` can choose of. */
const [least, beyond] = [2 ** 32, 2 ** 48];

export class Held<Thing> {
  readonly #things = new Map<number, Thing>();
  /** Taken up by the run in progress. */
  #begun = new Set<number>();

  get size(): number {
    return this.#things.size;
  }

  get all(): Thing[] {
    return [...this.#things.values()];
  }

  /** Those taken up first come first. */
  get entries(): [number: number, thing: Thing][] {
    return [...this.#things];
  }

  /** Answers the number that it is held by from now on: a new one, or that which it was given elsewhere. */
  add(thing: Thing, number = randomInt(least, beyond)): number {
    this.#things.set(number, thing);
    this.#begun.add(number);
    return number;
  }

  find(number: number): Thing | undefined {
    return this.#things.get(number);
  }

  /** Forgets it; whoever calls lets go of the thing itself. */
  take(number: number): Thing | undefined {
    const thing = this.#things.get(number);
    this.#things.delete(number);
    this.#begun.delete(number);
    return thing;
  }

  /** A run ended. What it took up is held on, or answered, to be let go of. */
  runEnded(isHeldOn: boolean): Thing[] {
    const begun = isHeldOn ? [] : [...this.#begun];
    const left = begun.flatMap((number) => this.take(number) ?? []);
    this.#begun = new Set();
    return left;
  }

  /** Forgets and answers all, to be let go of. */
  takeAll(): Thing[] {
    const { all } = this;
    this.#things.clear();
    this.#begun.clear();
    return all;
  }
}
