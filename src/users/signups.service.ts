import { Injectable } from '@nestjs/common';
import { Unauthenticated } from '../common/errors.js';
import { systemPrincipal } from '../common/principal.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { Database } from '../platform/database/database.js';
import { PasswordHasher } from '../platform/secrets/password-hasher.js';
import { CUSTOMER_ROLE } from '../rbac/built-in-roles.js';
import { AccountMails } from './account-mails.service.js';
import { type AccountToken, AccountTokensService } from './account-tokens/account-tokens.service.js';
import { PasswordLinksService } from './password-links.service.js';
import { UserErrors } from './users.errors.js';
import { UsersService } from './users.service.js';

export interface Signup {
  readonly email: string;
  readonly name: string;
  readonly password: string;
}

/** What waits for the address to be proved. */
interface Waiting {
  readonly name: string;
  readonly password_digest: string;
}

/**
 * People who make themselves users. There is no user until the address is proved, and each mail brings the name and the
 * password that were typed with it: nobody can prepare an account for whoever reads the mail.
 */
@Injectable()
export class SignupsService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersService,
    private readonly passwordLinks: PasswordLinksService,
    private readonly tokens: AccountTokensService,
    private readonly mails: AccountMails,
    private readonly passwords: PasswordHasher,
    private readonly config: LiveConfig,
  ) {}

  get isOpen(): boolean {
    return this.config.current.users.selfSignup;
  }

  /** Who has an account already is mailed a way into it. */
  async ask({ email, name, password }: Signup): Promise<void> {
    if (await this.users.findByEmail(email)) {
      await this.passwordLinks.mailForgotten(email);
      return;
    }
    const payload: Waiting = { name, password_digest: await this.passwords.hash(password) };
    await this.database.transaction(async () => {
      if (await this.tokens.isPestered(email, ['signup'])) return;
      await this.mails.signup(email, await this.tokens.issue({ purpose: 'signup', email, user: null, payload }));
    });
  }

  /** To be called in a transaction. The role Customer, and no customers: somebody who may ties the user to them. */
  async complete(presented: AccountToken): Promise<void> {
    if (!this.isOpen) throw new Unauthenticated(UserErrors.invalidToken);
    await this.tokens.redeem(presented);
    await this.tokens.removeSignups(presented);
    const { name, password_digest: digest } = presented.payload as Waiting;
    const request = { email: presented.email, name, roles: [CUSTOMER_ROLE] };
    await this.users.add(systemPrincipal('self-signup'), request, digest);
  }
}
