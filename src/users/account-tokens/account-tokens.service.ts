import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, DAY, type Instant, MINUTE } from '../../common/clock.js';
import { Unauthenticated } from '../../common/errors.js';
import { fold } from '../../common/text.js';
import { Database } from '../../platform/database/database.js';
import { generateKey, hasValidChecksum, looksGenerated } from '../../platform/secrets/key-format.js';
import { Secrets } from '../../platform/secrets/secrets.service.js';
import type { User } from '../user.entity.js';
import { UserErrors } from '../users.errors.js';
import type { AccountToken, TokenPurpose } from './account-token.entity.js';
import { AccountTokensRepository } from './account-tokens.repository.js';

export type { AccountToken, TokenPurpose };

/** The shape of a key: 256 bits with a checksum, taken out of every log by the same rule. */
const PREFIX = 'mail_';

const LIFE: Readonly<Record<TokenPurpose, number>> = {
  reset_password: 30 * MINUTE,
  invitation: 7 * DAY,
  verify_email: DAY,
  signup: DAY,
};

/** So long an expired token is told so instead of being unknown. */
const KEPT_MS = 7 * DAY;
/** An address gets so many mails that nobody but a stranger may have asked for… */
const MAILS = 3;
/** …in so long. */
const MAILS_MS = 30 * MINUTE;

export interface Issue {
  readonly purpose: TokenPurpose;
  /** Where it is mailed to, as it was typed. */
  readonly email: string;
  /** Whose it is; null = somebody who is no user yet. */
  readonly user: User | null;
  readonly payload?: object;
}

export interface Issued {
  /** To be mailed, and kept nowhere else. */
  readonly token: string;
  readonly expiresAt: Instant;
}

/** Makes and recognises what is mailed to prove an address. */
@Injectable()
export class AccountTokensService {
  constructor(
    private readonly database: Database,
    private readonly tokens: AccountTokensRepository,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  /** To be called in the transaction of its cause. */
  async issue({ purpose, email, user, payload }: Issue): Promise<Issued> {
    const token = generateKey(PREFIX);
    const expiresAt = this.clock.instant(LIFE[purpose]);
    await this.tokens.insert({
      purpose,
      ...this.secrets.digest(`account-token:${token}`),
      userId: user?.userId ?? null,
      email,
      emailKey: fold(email),
      passwordMark: user && markOf(user),
      payload: payload ?? null,
      created: this.clock.instant(),
      expiresAt,
    });
    return { token, expiresAt };
  }

  /** Throws 401, and the same for a token that was used, replaced, made for something else, or never was one. */
  async get(token: string, purposes: readonly TokenPurpose[]): Promise<AccountToken> {
    const found = await this.find(token);
    if (!found || !purposes.includes(found.purpose)) throw new Unauthenticated(UserErrors.invalidToken);
    if (found.expiresAt <= this.clock.instant())
      throw new Unauthenticated(UserErrors.tokenExpired, { at: found.expiresAt });
    return found;
  }

  /** Uses it up, in the transaction of what it is used for. Throws 401 when somebody else was faster. */
  async redeem({ tokenId }: AccountToken): Promise<void> {
    if (!(await this.tokens.take(tokenId))) throw new Unauthenticated(UserErrors.invalidToken);
  }

  /** Whether the account is still the one that it was made for: same address, same password. */
  stillFits({ emailKey, passwordMark }: AccountToken, user: User): boolean {
    return emailKey === user.emailKey && passwordMark === markOf(user);
  }

  /** Whether a stranger has made us mail this address often enough for now. */
  async isPestered(email: string, purposes: readonly TokenPurpose[]): Promise<boolean> {
    return (await this.tokens.countSince(fold(email), purposes, this.clock.instant(-MAILS_MS))) >= MAILS;
  }

  async removeOf({ userId }: User, purposes: readonly TokenPurpose[]): Promise<void> {
    await this.tokens.removeOf(userId, purposes);
  }

  /** Whoever proved to read the address has it: the others who typed it have nothing. */
  async removeSignups({ emailKey }: AccountToken): Promise<void> {
    await this.tokens.removeSignups(emailKey);
  }

  async removeOver(): Promise<string> {
    const before = this.clock.instant(-KEPT_MS);
    const removed = await this.database.transaction(() => this.tokens.removeExpiredBefore(before));
    return `${removed} tokens removed`;
  }

  private async find(token: string): Promise<AccountToken | null> {
    if (!looksGenerated(token) || !hasValidChecksum(token)) return null;
    return this.tokens.findByDigests(this.secrets.digests(`account-token:${token}`).map(({ digest }) => digest));
  }
}

/** Of the digest, which is random by its salt: it says whether it is the same, and nothing else. */
function markOf({ passwordDigest }: User): string {
  return createHash('sha256')
    .update(passwordDigest ?? '')
    .digest('hex');
}
