import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { SendMailOptions } from 'nodemailer';
import { SECOND, toMillis } from '../../common/clock.js';
import { IpRange } from '../../common/ip-range.js';
import { LiveConfig } from '../config/live-config.js';
import { createPrivate } from '../secrets/private-file.js';
import type { Rendered } from './letter.js';
import type { MailMessage } from './mail-message.entity.js';

/** A server that says nothing for so long is away. */
const PATIENCE = {
  connectionTimeout: 10 * SECOND,
  greetingTimeout: 10 * SECOND,
  dnsTimeout: 10 * SECOND,
  socketTimeout: 20 * SECOND,
};

/** Hands one mail over: to the mail server, or to a file where there is none. The composer is loaded for the first of them. */
@Injectable()
export class MailTransport {
  constructor(private readonly config: LiveConfig) {}

  /** Resolves once somebody else is responsible for the mail; rejects with the reason. */
  async deliver(message: MailMessage, content: Rendered): Promise<void> {
    const { smtpUrl } = this.config.current.environment;
    const mail = this.compose(message, content);
    await (smtpUrl === null ? this.toFile(message, mail) : overSmtp(smtpUrl, mail));
  }

  /** Addresses go as objects, so that none is ever read as a list of several. */
  private compose({ messageKey, recipient, subject, created }: MailMessage, content: Rendered): SendMailOptions {
    const from = this.sender();
    return {
      from: { name: 'OmniCRM', address: from },
      to: { name: '', address: recipient },
      envelope: { from, to: [recipient] },
      subject,
      ...content,
      date: new Date(toMillis(created)),
      messageId: `<${messageKey}@${from.slice(from.lastIndexOf('@') + 1)}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }

  private sender(): string {
    const { http, mail } = this.config.current;
    if (mail.from !== null) return mail.from;
    const host = http.baseUrl === null ? 'localhost' : new URL(http.baseUrl).hostname;
    return `omnicrm@${isAddress(host) ? 'localhost' : host}`;
  }

  /** The name says when and which: delivered again after a crash, it is the same file. */
  private async toFile({ messageKey, created }: MailMessage, mail: SendMailOptions): Promise<void> {
    const { createTransport } = await import('nodemailer');
    const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
    const message = (await composer.sendMail(mail)).message as Buffer;
    const name = `${created.replace(/[:.]/g, '-')}-${messageKey}.eml`;
    createPrivate(join(this.config.current.environment.dataDir, 'outbox', name), message.toString());
  }
}

async function overSmtp(smtpUrl: string, mail: SendMailOptions): Promise<void> {
  const { username, hostname } = new URL(smtpUrl);
  // Else somebody in between could take "no TLS here" for an answer, and the password with it.
  const requireTLS = username !== '' && !isLoopback(hostname);
  const { createTransport } = await import('nodemailer');
  await createTransport({ url: smtpUrl, ...PATIENCE, ...(requireTLS ? { requireTLS } : {}) }).sendMail(mail);
}

function isAddress(host: string): boolean {
  return IpRange.parse(host.replace(/^\[|\]$/g, '')) instanceof IpRange;
}

function isLoopback(host: string): boolean {
  const range = IpRange.parse(host.replace(/^\[|\]$/g, ''));
  return range instanceof IpRange ? range.isLoopback : host.toLowerCase() === 'localhost';
}
