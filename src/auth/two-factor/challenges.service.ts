import { Injectable } from '@nestjs/common';
import { Clock, MINUTE } from '../../common/clock.js';
import { AuditService } from '../../audit/audit.service.js';
import { Database } from '../../platform/database/database.js';
import { Secrets } from '../../platform/secrets/secrets.service.js';
import { UsersService, type UserView } from '../../users/users.service.js';
import { ChallengesRepository } from './challenges.repository.js';
import type { LoginChallenge } from './two-factor.entity.js';

/** A challenge that is alive, and whose it is. */
export interface Challenge {
  readonly challengeId: number;
  readonly found: UserView;
}

const LIFE_MS = 5 * MINUTE;
const TRIES = 5;
const PURPOSE = 'login-challenge';
const FORMAT = /^tfc1\.([1-9]\d{0,14})\.([\w-]{43})$/;

/** What stands between a right password and a session. No token of another kind has its shape, and it opens nothing else. */
@Injectable()
export class ChallengesService {
  constructor(
    private readonly database: Database,
    private readonly challenges: ChallengesRepository,
    private readonly users: UsersService,
    private readonly secrets: Secrets,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** `digest` = that of the password that was right: with another password the challenge is another. */
  async issue({ user }: UserView, digest: string | null): Promise<string> {
    const { userId, email } = user;
    return this.database.transaction(async () => {
      const created = this.clock.instant();
      const expiresAt = this.clock.instant(LIFE_MS);
      const challenge = await this.challenges.insert({ userId, tries: 0, created, expiresAt });
      const actor = { kind: 'user', id: userId, name: email } as const;
      await this.audit.record(actor, { event: 'authn_login_challenge', subject: { type: 'user', id: userId } });
      return `tfc1.${challenge.challengeId}.${this.secrets.mac(PURPOSE, dataOf(challenge, digest))}`;
    });
  }

  /** Null for what is none of ours, over, or was made for a password or an account that is no more. */
  async find(token: string): Promise<Challenge | null> {
    const [, id, mac] = FORMAT.exec(token) ?? [];
    const challenge = id === undefined ? null : await this.challenges.find(Number(id));
    const found = challenge && (await this.users.findById(challenge.userId));
    if (!challenge || !found || mac === undefined) return null;
    const isOurs = this.secrets.isMac(PURPOSE, dataOf(challenge, found.user.passwordDigest), mac);
    const isAlive = challenge.expiresAt > this.clock.instant() && challenge.tries < TRIES;
    if (!isOurs || !isAlive || found.user.status !== 'active') return null;
    return { challengeId: challenge.challengeId, found };
  }

  /** Before the code is looked at, and for good: what follows may be rolled back. False when there is no try left. */
  countTry({ challengeId }: Challenge): Promise<boolean> {
    return this.database.transaction(() => this.challenges.countTry(challengeId, TRIES));
  }

  /** In the transaction of the login; false when another request was faster. */
  complete({ challengeId }: Challenge): Promise<boolean> {
    return this.challenges.remove(challengeId);
  }

  async removeOver(): Promise<number> {
    return this.database.transaction(() => this.challenges.removeExpiredBefore(this.clock.instant()));
  }
}

function dataOf({ challengeId, userId, created }: LoginChallenge, digest: string | null): string {
  return `${challengeId}/${userId}/${created}/${digest}`;
}
