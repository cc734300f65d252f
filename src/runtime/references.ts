// The memories that images differ from: the base, and those of templates after their startup, kept while in use.
import type { SessionId } from '../records/index.js';
import type { Base } from './engine/base.js';
import { referenceOf, type Image, type Reference } from './engine/image.js';
import { ImageError } from './engine/sealed-pages.js';
import { RuntimeError } from './errors.js';
import type { Store } from './store/store.js';

/** Templates whose memory is kept unpacked: a few are in use at a time, and one takes some megabytes. */
const keptAtMost = 8;

/** A state as it is to be filled in: over its parent's memory (or the base's), with its own image where it has one. */
export interface State {
  parent: { image: number; reference: Reference } | undefined;
  image?: Image;
  /** Milliseconds since the epoch; of the image, or where it has none of its own, of the parent. */
  takenAt?: number;
}

export class References {
  readonly #store: Store;
  readonly #base: Base;
  readonly #kept = new Map<number, Reference>();

  constructor(store: Store, base: Base) {
    this.#store = store;
    this.#base = base;
  }

  /** What restores the image with this number; nothing but the base for none. Throws STATE_UNAVAILABLE. */
  stateOf(session: SessionId, number: number | undefined): State {
    if (number === undefined) return { parent: undefined };
    const takenAt = this.#store.images.takenAt(number);
    // A session that is still as its template made it refers to the template's own image.
    if (takenAt !== undefined && this.#store.warmStarts.hasImage(number))
      return { parent: { image: number, reference: this.#reference(session, number) }, takenAt };
    const image = this.#store.images.find(number);
    if (image === undefined) throw unavailable(session, `image ${number} is not in the database`);
    const parent =
      image.parent === undefined
        ? undefined
        : { image: image.parent, reference: this.#reference(session, image.parent) };
    return { parent, image, takenAt: image.takenAt };
  }

  #reference(session: SessionId, number: number): Reference {
    const kept = this.#kept.get(number);
    if (kept !== undefined) {
      this.#kept.delete(number);
      this.#kept.set(number, kept);
      return kept;
    }
    const image = this.#store.images.find(number);
    if (image === undefined) throw unavailable(session, `image ${number} is not in the database`);
    let reference: Reference;
    try {
      reference = referenceOf(this.#base, image);
    } catch (error) {
      if (error instanceof ImageError) throw unavailable(session, error.message);
      throw error;
    }
    this.#kept.set(number, reference);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptAtMost) break;
      this.#kept.delete(oldest);
    }
    return reference;
  }
}

const unavailable = (session: SessionId, reason: string): RuntimeError =>
  new RuntimeError('STATE_UNAVAILABLE', `session ${session}: its state cannot be restored: ${reason}`);
