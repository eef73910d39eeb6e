import { Injectable } from '@nestjs/common';
import type { Instant } from '../common/clock.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { type Letter, Mail, type Part } from '../platform/mail/mail.service.js';
import type { Issued } from './account-tokens/account-tokens.service.js';

/** A page of the console that asks for what is missing, and the call that it makes. */
interface Target {
  readonly page: string;
  readonly label: string;
  readonly call: string;
  readonly fields: string;
}

const SET_PASSWORD: Target = {
  page: 'reset-password',
  label: 'Choose a password',
  call: '/crm/auth/password/reset',
  fields: '{"token": "…", "password": "…"}',
};

const VERIFY: Target = {
  page: 'verify-email',
  label: 'Confirm this address',
  call: '/crm/auth/verify-email',
  fields: '{"token": "…"}',
};

/**
 * Writes to people about their accounts. Nothing that somebody typed stands in these mails but an address: they must not
 * carry a stranger's words. Links are made from the configured base URL alone, never from a request.
 */
@Injectable()
export class AccountMails {
  constructor(
    private readonly mail: Mail,
    private readonly config: LiveConfig,
  ) {}

  /** To who forgot a password, or said so. */
  async forgotten(email: string, issued: Issued): Promise<void> {
    await this.send(email, {
      template: 'password-forgotten',
      subject: 'Choose a new password',
      parts: [
        { text: 'Somebody asked for a new password for the account of this address.' },
        ...this.way(SET_PASSWORD, issued),
        { text: 'If it was not you, ignore this mail: nothing has changed.' },
      ],
    });
  }

  /** To whom an administrator helps. */
  async resetByAdministrator(email: string, issued: Issued): Promise<void> {
    await this.send(email, {
      template: 'password-reset',
      subject: 'Choose a new password',
      parts: [
        { text: 'An administrator asks you to choose a new password for your account.' },
        ...this.way(SET_PASSWORD, issued),
      ],
    });
  }

  /** To who was created without a password. */
  async invited(email: string, issued: Issued): Promise<void> {
    await this.send(email, {
      template: 'invitation',
      subject: 'You are invited',
      parts: [
        { text: 'An administrator made an account for this address. Choose a password, and it is yours.' },
        ...this.way(SET_PASSWORD, issued),
        { text: 'If you do not expect this, ignore this mail: nobody can sign in until a password is chosen.' },
      ],
    });
  }

  /** To an address that shall become an account's. */
  async verify(email: string, issued: Issued): Promise<void> {
    await this.send(email, {
      template: 'verify-email',
      subject: 'Confirm your address',
      parts: [
        { text: 'This address shall become the one of an account, for signing in and for mail.' },
        ...this.way(VERIFY, issued),
        { text: 'If you do not expect this, ignore this mail: nothing changes.' },
      ],
    });
  }

  /** To an address that somebody typed who wants to become a user. */
  async signup(email: string, issued: Issued): Promise<void> {
    await this.send(email, {
      template: 'signup',
      subject: 'Confirm your address',
      parts: [
        { text: 'Somebody asked for an account for this address. It is made once you confirm it.' },
        ...this.way(VERIFY, issued),
        { text: 'If it was not you, ignore this mail: there is no account, and there will be none.' },
      ],
    });
  }

  /** To the address that an account has, in time to object. */
  async emailWillChange(email: string, wanted: string): Promise<void> {
    await this.send(email, {
      template: 'email-will-change',
      subject: 'The address of your account is to be changed',
      parts: [
        { text: 'Somebody asked for another e-mail address for your account. It counts once it is confirmed there:' },
        { code: wanted },
        { text: 'If you do not expect this, tell your administrator at once.' },
      ],
    });
  }

  async passwordWasReset(email: string, at: Instant): Promise<void> {
    await this.send(email, {
      template: 'password-was-reset',
      subject: 'Your password was changed',
      parts: [
        {
          text: `The password of your account was changed by a link from a mail, ${told(at)}. All sessions have ended.`,
        },
        { text: 'If it was not you, somebody reads your mail: tell your administrator at once.' },
      ],
    });
  }

  private send(email: string, letter: Letter): Promise<void> {
    return this.mail.send(email, letter);
  }

  /** In the fragment, which browsers send to nobody: no log of a proxy has ever seen the token. */
  private way({ page, label, call, fields }: Target, { token, expiresAt }: Issued): Part[] {
    const { baseUrl } = this.config.current.http;
    const limits = { text: `This works once, until ${told(expiresAt)}.` };
    const byHand = { text: `Without a browser: POST ${fields} to ${baseUrl ?? ''}${call}, with this token:` };
    if (baseUrl === null)
      return [{ ...byHand, text: `POST ${fields} to ${call}, with this token:` }, { code: token }, limits];
    return [{ link: `${baseUrl}/${page}#token=${token}`, label }, limits, byHand, { code: token }];
  }
}

/** To the minute, in UTC: readers are anywhere. */
function told(at: Instant): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}
