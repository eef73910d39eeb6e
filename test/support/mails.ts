import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeferredWork } from '../../src/auth/deferred-work.js';
import { MailSender } from '../../src/platform/mail/mail-sender.js';
import type { TestApp } from './app.js';

export interface ParsedMail {
  /** By lower-case name, unfolded. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
  readonly source: string;
}

interface Entity {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** As much of MIME as our own mails use: alternatives of text and HTML. */
export function parseMail(source: string): ParsedMail {
  const { headers, body } = entityOf(source.replaceAll('\r\n', '\n'));
  const boundary = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '')?.[1] ?? 'none';
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => entityOf(part.trimStart()));
  const of = (type: string): string =>
    parts.filter(({ headers: own }) => own['content-type']?.startsWith(type)).map(decoded)[0] ?? '';
  return { headers, text: of('text/plain'), html: of('text/html'), source };
}

/** What was mailed to an address so far, oldest first, where mail goes into files. */
export async function mailsTo(app: TestApp, email: string): Promise<ParsedMail[]> {
  await sendAll(app);
  const folder = join(app.database.dataDir, 'outbox');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : [];
  return names
    .map((name) => ({ name, mail: parseMail(readFileSync(join(folder, name), 'utf8')) }))
    .filter(({ mail }) => mail.headers.to === email)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ mail }) => mail);
}

/** Everything that was asked for so far is on its way, or was tried. */
export async function sendAll(app: TestApp): Promise<void> {
  await app.get(DeferredWork).settled();
  await app.get(MailSender).deliverDue();
}

/** The token of the newest mail of a kind to an address. */
export async function tokenMailedTo(app: TestApp, email: string, subject?: string): Promise<string> {
  const mails = (await mailsTo(app, email)).filter(
    ({ headers }) => subject === undefined || headers.subject === subject,
  );
  const token = mails.map(tokenIn).findLast((found) => found !== undefined);
  if (token === undefined) throw new Error(`no token was mailed to ${email}`);
  return token;
}

function tokenIn({ text }: ParsedMail): string | undefined {
  return /\bmail_[0-9A-Za-z]{49}\b/.exec(text)?.[0];
}

function entityOf(source: string): Entity {
  const end = source.indexOf('\n\n');
  const lines = source
    .slice(0, end)
    .replace(/\n[ \t]+/g, ' ')
    .split('\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { headers, body: source.slice(end + 2) };
}

function decoded({ headers, body }: Entity): string {
  switch (headers['content-transfer-encoding']) {
    case 'base64':
      return Buffer.from(body, 'base64').toString();
    case 'quoted-printable': {
      const bytes = body
        .replace(/=\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
      return Buffer.from(bytes, 'latin1').toString();
    }
    default:
      return body;
  }
}
