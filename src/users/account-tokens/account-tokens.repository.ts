import { Injectable } from '@nestjs/common';
import { In, LessThan, MoreThan } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { AccountToken, type TokenPurpose } from './account-token.entity.js';

@Injectable()
export class AccountTokensRepository {
  constructor(private readonly database: Database) {}

  async insert(token: Omit<AccountToken, 'tokenId'>): Promise<void> {
    await this.database.repository(AccountToken).insert(token);
  }

  /** One value has one digest under each pepper version that is alive. */
  findByDigests(digests: readonly string[]): Promise<AccountToken | null> {
    return this.database.repository(AccountToken).findOneBy({ digest: In([...digests]) });
  }

  /** True for the one who takes it: of two uses at once the other finds it gone. */
  async take(tokenId: number): Promise<boolean> {
    const { affected } = await this.database.repository(AccountToken).delete({ tokenId });
    return affected === 1;
  }

  countSince(emailKey: string, purposes: readonly TokenPurpose[], since: Instant): Promise<number> {
    const purpose = In([...purposes]);
    return this.database.repository(AccountToken).countBy({ emailKey, purpose, created: MoreThan(since) });
  }

  async removeOf(userId: number, purposes: readonly TokenPurpose[]): Promise<void> {
    await this.database.repository(AccountToken).delete({ userId, purpose: In([...purposes]) });
  }

  /** Of people who are no users yet. */
  async removeSignups(emailKey: string): Promise<void> {
    await this.database.repository(AccountToken).delete({ emailKey, purpose: 'signup' });
  }

  async removeExpiredBefore(moment: Instant): Promise<number> {
    const removed = await this.database.repository(AccountToken).delete({ expiresAt: LessThan(moment) });
    return removed.affected ?? 0;
  }
}
