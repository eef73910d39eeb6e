import { inspect } from 'node:util';

const SHOWN = '[secret]';

/**
 * A secret on its way from where it was read to where it is turned into a digest: it can be taken once, then it is
 * forgotten, and it cannot be printed, serialised or inspected by accident.
 */
export class SecretText {
  #text: string | null;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret, once. Asking again is a defect: whoever took it must keep a digest, not the text. */
  take(): string {
    const text = this.#text;
    if (text === null) throw new Error('this secret has been taken already');
    this.#text = null;
    return text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
