import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Conflict, Unauthenticated } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { PasswordHasher } from '../platform/secrets/password-hasher.js';
import { assertAcceptablePassword } from '../platform/secrets/password-policy.js';
import { AccountMails } from './account-mails.service.js';
import { type AccountToken, AccountTokensService, type TokenPurpose } from './account-tokens/account-tokens.service.js';
import { InvitationsService } from './invitations.service.js';
import type { User } from './user.entity.js';
import { UserErrors } from './users.errors.js';
import { UserPermissions } from './users.permissions.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

const PURPOSES: readonly TokenPurpose[] = ['reset_password', 'invitation'];
const NOBODY = { kind: 'system', id: null, name: 'nobody' } as const;

/** Passwords that are set by a mailed link (A4): whoever reads the account's mail may choose it. */
@Injectable()
export class PasswordLinksService {
  constructor(
    private readonly database: Database,
    private readonly rows: UsersRepository,
    private readonly users: UsersService,
    private readonly tokens: AccountTokensService,
    private readonly mails: AccountMails,
    private readonly invitations: InvitationsService,
    private readonly passwords: PasswordHasher,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** For whoever says that they forgot it. The mail goes to the address of the account, never to the one that was typed. */
  async mailForgotten(typed: string): Promise<void> {
    const found = await this.users.findByEmail(typed);
    if (found?.user.status !== 'active') return;
    const { user } = found;
    await this.database.transaction(async () => {
      // Locked, so that ten requests at once are counted one after the other.
      await this.rows.findForUpdate(user.userId);
      if (await this.tokens.isPestered(user.email, ['reset_password'])) return;
      const issued = await this.tokens.issue({ purpose: 'reset_password', email: user.email, user });
      await this.mails.forgotten(user.email, issued);
      const subject = { type: 'user', id: user.userId };
      await this.audit.record(NOBODY, { event: 'user.password_forgotten', subject });
    });
  }

  /** For an administrator who helps: the password stays what it is until the link is used. */
  async mailTo(principal: Principal, userId: number): Promise<void> {
    await this.database.transaction(async () => {
      const { user } = await this.users.lockToActOn(principal, userId, UserPermissions.resetPassword);
      if (user.status === 'deactivated') throw new Conflict(UserErrors.deactivated);
      await (user.status === 'invited' ? this.invitations.send(user) : this.mailLink(user));
      const event = user.status === 'invited' ? 'user.invited' : 'user.password_link_sent';
      await this.audit.record(principal, { event, subject: { type: 'user', id: userId } });
    });
  }

  /** Once. Whatever else was mailed dies with it, and so does every session. */
  async set(token: string, password: string): Promise<void> {
    const presented = await this.tokens.get(token, PURPOSES);
    const { user } = await this.users.get(presented.userId ?? 0);
    assertAcceptablePassword(password, user.email);
    // Hashed before the transaction, and only for who has a token: it takes long.
    const passwordDigest = await this.passwords.hash(password);
    await this.database.transaction(() => this.accept(presented, passwordDigest));
  }

  private async mailLink(user: User): Promise<void> {
    const issued = await this.tokens.issue({ purpose: 'reset_password', email: user.email, user });
    await this.mails.resetByAdministrator(user.email, issued);
  }

  private async accept(presented: AccountToken, passwordDigest: string): Promise<void> {
    const user = await this.lock(presented);
    await this.tokens.redeem(presented);
    await this.tokens.removeOf(user, PURPOSES);
    const now = this.clock.instant();
    await this.rows.update(user.userId, {
      passwordDigest,
      status: 'active',
      sessionsValidAfter: now,
      version: user.version + 1,
      updated: now,
    });
    await this.revisions.bump('users');
    const isFirst = presented.purpose === 'invitation';
    if (!isFirst) await this.mails.passwordWasReset(user.email, now);
    const actor = { kind: 'user', id: user.userId, name: user.email } as const;
    const event = isFirst ? 'user.invitation_accepted' : 'user.password_reset';
    await this.audit.record(actor, { event, subject: { type: 'user', id: user.userId } });
  }

  /** The user, locked, as long as the token still speaks of this account as it is. */
  private async lock(presented: AccountToken): Promise<User> {
    const record = await this.rows.findForUpdate(presented.userId ?? 0);
    const expected = presented.purpose === 'invitation' ? 'invited' : 'active';
    if (record?.user.status !== expected || !this.tokens.stillFits(presented, record.user)) {
      throw new Unauthenticated(UserErrors.invalidToken);
    }
    return record.user;
  }
}
