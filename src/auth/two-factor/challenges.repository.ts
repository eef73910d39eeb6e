import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { LoginChallenge } from './two-factor.entity.js';

@Injectable()
export class ChallengesRepository {
  constructor(private readonly database: Database) {}

  find(challengeId: number): Promise<LoginChallenge | null> {
    return this.database.repository(LoginChallenge).findOneBy({ challengeId });
  }

  async insert(challenge: Omit<LoginChallenge, 'challengeId'>): Promise<LoginChallenge> {
    const challenges = this.database.repository(LoginChallenge);
    const row = challenges.create(challenge);
    await challenges.insert(row);
    return row;
  }

  /** False when it had all its tries: counted where it is compared, so that many at once get no more of them. */
  async countTry(challengeId: number, atMost: number): Promise<boolean> {
    const counted = await this.database
      .repository(LoginChallenge)
      .increment({ challengeId, tries: LessThan(atMost) }, 'tries', 1);
    return counted.affected === 1;
  }

  /** False when it is gone already. */
  async remove(challengeId: number): Promise<boolean> {
    return (await this.database.repository(LoginChallenge).delete({ challengeId })).affected === 1;
  }

  async removeExpiredBefore(moment: Instant): Promise<number> {
    const removed = await this.database.repository(LoginChallenge).delete({ expiresAt: LessThan(moment) });
    return removed.affected ?? 0;
  }
}
