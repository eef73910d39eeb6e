import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { assertMatches, type Precondition } from '../common/etag.js';
import { NotFound } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { searchText } from '../common/text.js';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import type { User } from './user.entity.js';
import { UserErrors } from './users.errors.js';
import { UsersRepository } from './users.repository.js';
import { UsersService, type UserView } from './users.service.js';

/** What users do to their own account; nobody else's rights or customers are asked about. */
@Injectable()
export class OwnAccountService {
  constructor(
    private readonly database: Database,
    private readonly rows: UsersRepository,
    private readonly users: UsersService,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** A change that changes nothing writes nothing and is not recorded. */
  async rename(principal: Principal, name: string | undefined, ifMatch: Precondition): Promise<UserView> {
    return this.database.transaction(async () => {
      const user = await this.lock(principal);
      assertMatches(ifMatch, user.version);
      if (name !== undefined && name !== user.name) {
        const changes = { name, searchText: searchText(name, user.email), ...this.next(user) };
        await this.rows.update(user.userId, changes);
        await this.revisions.bump('users');
        const subject = { type: 'user', id: user.userId };
        await this.audit.record(principal, {
          event: 'user.updated',
          subject,
          before: { name: user.name },
          after: { name },
        });
      }
      return this.users.get(user.userId);
    });
  }

  /** To be called in a transaction. False when the password is no longer the one that was verified. */
  async setPassword(principal: Principal, verified: string | null, passwordDigest: string): Promise<boolean> {
    const user = await this.lock(principal);
    const isSet = await this.rows.replaceDigest(user.userId, verified, { passwordDigest, ...this.next(user) });
    if (isSet) {
      await this.revisions.bump('users');
      await this.audit.record(principal, {
        event: 'user.password_changed',
        subject: { type: 'user', id: user.userId },
      });
    }
    return isSet;
  }

  /** One's own account, locked until the transaction ends. */
  async lockOwn(principal: Principal): Promise<UserView> {
    return this.users.get((await this.lock(principal)).userId);
  }

  /** To be called in a transaction, with the user locked: what may be done to whose account is decided by the caller. */
  async setTwoFactor({ user }: UserView, twoFactorSince: Instant | null): Promise<void> {
    if (user.twoFactorSince === twoFactorSince) return;
    await this.rows.update(user.userId, { twoFactorSince, ...this.next(user) });
    await this.revisions.bump('users');
  }

  private async lock({ id }: Principal): Promise<User> {
    const record = await this.rows.findForUpdate(id ?? 0);
    if (!record) throw new NotFound(UserErrors.notFound, { id: id ?? 0 });
    return record.user;
  }

  private next({ version }: User): Pick<User, 'version' | 'updated'> {
    return { version: version + 1, updated: this.clock.instant() };
  }
}
