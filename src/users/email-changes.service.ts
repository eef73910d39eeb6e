import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Unauthenticated } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { currentContext } from '../common/request-context.js';
import { fold, searchText } from '../common/text.js';
import { AuditService } from '../audit/audit.service.js';
import { Revisions } from '../platform/database/revisions.js';
import { CustomerReach } from '../rbac/customer-reach.js';
import { GrantsService } from '../rbac/grants.service.js';
import { KnownPrincipals } from '../rbac/known-principals.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import { AccountMails } from './account-mails.service.js';
import { type AccountToken, AccountTokensService, type TokenPurpose } from './account-tokens/account-tokens.service.js';
import { UserReach } from './user-reach.service.js';
import type { User } from './user.entity.js';
import { permissionsOf } from './user.rules.js';
import { UserErrors } from './users.errors.js';
import { type UserRecord, UsersRepository } from './users.repository.js';

/** Who asked for the change; an address has no id but itself. */
interface Asker {
  readonly kind: string;
  readonly id: number | string;
}

/** Everything that was mailed to the address that an account had before is void. */
const MAILED: readonly TokenPurpose[] = ['reset_password', 'invitation', 'verify_email'];

/**
 * A new e-mail counts once somebody who reads it says so. Whether the address is taken is decided then: asking for a
 * change tells nobody who has an account, and whoever is told reads that very mail.
 */
@Injectable()
export class EmailChangesService {
  constructor(
    private readonly rows: UsersRepository,
    private readonly tokens: AccountTokensService,
    private readonly mails: AccountMails,
    private readonly principals: KnownPrincipals,
    private readonly grants: GrantsService,
    private readonly customerReach: CustomerReach,
    private readonly directory: RoleDirectory,
    private readonly reach: UserReach,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** In the transaction of an edit, by somebody who may act on the user. An earlier request is void. */
  async ask(principal: Principal, user: User, email: string): Promise<void> {
    await this.tokens.removeOf(user, ['verify_email']);
    if (email === user.email) return;
    const payload: Asker = { kind: principal.kind, id: principal.id ?? currentContext()?.address ?? principal.name };
    await this.mails.verify(email, await this.tokens.issue({ purpose: 'verify_email', email, user, payload }));
    await this.mails.emailWillChange(user.email, email);
    const subject = { type: 'user', id: user.userId };
    await this.audit.record(principal, { event: 'user.email_change_asked', subject, after: { email } });
  }

  /** To be called in a transaction. Throws 401 unless the account is still one that the asker may act on. */
  async complete(presented: AccountToken): Promise<void> {
    const record = await this.rows.findForUpdate(presented.userId ?? 0);
    if (!record || record.user.status === 'deactivated' || !(await this.mayStill(presented, record))) {
      throw new Unauthenticated(UserErrors.invalidToken);
    }
    const { user } = record;
    await this.tokens.redeem(presented);
    await this.tokens.removeOf(user, MAILED);
    await this.rows.update(user.userId, {
      email: presented.email,
      emailKey: fold(presented.email),
      searchText: searchText(user.name, presented.email),
      version: user.version + 1,
      updated: this.clock.instant(),
    });
    await this.revisions.bump('users');
    const actor = { kind: 'user', id: user.userId, name: user.email } as const;
    await this.audit.record(actor, {
      event: 'user.updated',
      subject: { type: 'user', id: user.userId },
      before: { email: user.email },
      after: { email: presented.email },
    });
  }

  /**
   * The asker may have lost rights since, or the user may have got more: then the change would hand them to whoever reads
   * the new mail. Oneself and the operator at the machine need no rights.
   */
  private async mayStill({ payload }: AccountToken, { user, roleIds, customerIds }: UserRecord): Promise<boolean> {
    const { kind, id } = payload as Asker;
    if (kind === 'system' || (kind === 'user' && id === user.userId)) return true;
    const asker = await this.principals.find(kind, id);
    if (!asker || asker.obstacle !== null) return false;
    const roles = await this.directory.withIds(roleIds);
    if (!this.reach.mayWriteEmail(asker.principal, { user, roles, customerIds })) return false;
    const lacking = this.grants.lacking(asker.principal, permissionsOf(roles), customerIds);
    return lacking.length === 0 && customerIds.every((it) => this.customerReach.reaches(asker.principal, it));
  }
}
