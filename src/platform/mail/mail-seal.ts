import { Injectable } from '@nestjs/common';
import { Secrets } from '../secrets/secrets.service.js';
import type { Rendered } from './letter.js';

const PURPOSE = 'mail-body';

export interface Sealed {
  readonly body: string;
  readonly pepperVersion: number;
}

/** What waits in the outbox opens accounts: whoever reads the database alone must not be able to use it. */
@Injectable()
export class MailSeal {
  constructor(private readonly secrets: Secrets) {}

  seal(messageKey: string, content: Rendered): Sealed {
    const { ciphertext, pepperVersion } = this.secrets.seal(PURPOSE, messageKey, JSON.stringify(content));
    return { body: ciphertext, pepperVersion };
  }

  /** Throws when the body was changed or belongs to another message, or its pepper is no longer known. */
  open(messageKey: string, { body, pepperVersion }: Sealed): Rendered {
    const text = this.secrets.open(PURPOSE, messageKey, { ciphertext: body, pepperVersion });
    return JSON.parse(text) as Rendered;
  }
}
