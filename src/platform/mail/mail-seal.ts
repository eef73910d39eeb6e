import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Secrets } from '../secrets/secrets.service.js';
import type { Rendered } from './letter.js';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Sealed {
  readonly body: string;
  readonly pepperVersion: number;
}

/**
 * What waits in the outbox opens accounts: whoever reads the database alone must not be able to use it. Each message has
 * a key of its own, made from the pepper and its random name, and is sealed once: so the nonce can be made likewise.
 */
@Injectable()
export class MailSeal {
  constructor(private readonly secrets: Secrets) {}

  seal(messageKey: string, content: Rendered): Sealed {
    const { pepperVersion } = this.secrets;
    const cipher = createCipheriv(CIPHER, ...this.keys(messageKey, pepperVersion));
    const text = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
    return { body: Buffer.concat([cipher.getAuthTag(), text]).toString('base64'), pepperVersion };
  }

  /** Throws when the body was changed, or its pepper is no longer known. */
  open(messageKey: string, { body, pepperVersion }: Sealed): Rendered {
    const bytes = Buffer.from(body, 'base64');
    const decipher = createDecipheriv(CIPHER, ...this.keys(messageKey, pepperVersion), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(0, TAG_BYTES));
    const text = Buffer.concat([decipher.update(bytes.subarray(TAG_BYTES)), decipher.final()]);
    return JSON.parse(text.toString('utf8')) as Rendered;
  }

  private keys(messageKey: string, pepperVersion: number): [key: Buffer, nonce: Buffer] {
    const made = (purpose: string): Buffer =>
      Buffer.from(this.secrets.mac(purpose, messageKey, pepperVersion), 'base64url');
    return [made('mail-body'), made('mail-nonce').subarray(0, NONCE_BYTES)];
  }
}
